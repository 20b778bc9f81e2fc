"""How production has been: what was answered, what the monitor saw, what was published."""
