"""The composition root: from settings to a running Spotter. `run.py` is the start of the reading.

Nothing is imported here, so that a command which only needs the database loads nothing else.
"""
