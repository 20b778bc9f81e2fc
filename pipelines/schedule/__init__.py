"""Runs by the clock: watch, systemd, CronJob."""
