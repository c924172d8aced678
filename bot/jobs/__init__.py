"""Duties on the clock."""
