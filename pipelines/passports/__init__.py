"""Passports for people: find one, compare two, make a model card of one."""
