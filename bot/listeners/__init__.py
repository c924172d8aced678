"""What users do in Slack, as Bolt listeners: commands, actions, views and events, registered in `bolt_app`."""
