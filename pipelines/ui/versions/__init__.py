"""What the page Versions knows: versions with their passports, candidates that were held back."""
