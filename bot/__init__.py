"""Spotter tells people in Slack what happens in iSpring Learn's on-the-job training."""

VERSION = "0.2.0"  # as pyproject.toml has it; where only the sources are copied, nothing is installed to ask
