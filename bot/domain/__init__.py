"""Values and decisions: what a result means, who is notified and when. Pure: no I/O, no clock, no randomness."""
