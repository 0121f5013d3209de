"""Slack and Microsoft Teams on this machine: a server that takes what their webhooks take, for tests and the demo."""
