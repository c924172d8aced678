"""The ways to Slack: its Web API, Socket Mode and HTTP endpoint, contacts, private replies and the manifest."""
