"""Say how a run ended, by webhook or e-mail, whatever happened."""
