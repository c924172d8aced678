"""What the bot costs beside the least it could cost: `python -m tests.bench`.

By default, polls of 100,000 sessions, and a thousand completions in a large company, with what people who ask
meanwhile wait (`--company`: only those);
`--full`: polls of a million too; `--send`: what is owed leaving; `--ack`: commands while a million sessions are polled.
"""
