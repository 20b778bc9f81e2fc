"""Detectors of drift and the thresholds that their false alarms are held to."""
