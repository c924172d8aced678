"""What a poll costs beside the least it could cost: `python -m tests.bench`, `--full` for a million sessions."""
