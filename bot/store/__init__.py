"""Remembers: the one room that knows SQL."""
