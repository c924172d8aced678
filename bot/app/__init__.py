"""The one place that introduces everyone: from settings to a running Spotter.

Start at `running`. Nothing is imported here, so that a verb which only needs the database loads nothing else.
"""
