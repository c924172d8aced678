"""Reads iSpring Learn: its HTTP contract, its dates, and the listing that may hold a million sessions."""
