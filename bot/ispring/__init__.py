"""The HTTP client of iSpring Learn: its contract, its dates, and its listing of up to a million sessions."""
