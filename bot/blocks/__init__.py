"""What people see: Block Kit and the plain text beside it. Nothing here asks the clock, the database or Slack."""
