"""The jobs that the scheduler runs."""
