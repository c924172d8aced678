"""Spotter tells people in Slack what happens in iSpring Learn's on-the-job training."""
