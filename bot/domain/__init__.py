"""What an observation means, who hears of it, and when: no I/O, no clock, no product."""
