"""What production sent and what it is compared with, as arrays."""
