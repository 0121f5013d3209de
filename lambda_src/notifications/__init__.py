"""Notifications: what happens in an account is told in Slack and Microsoft Teams, once, to whom it concerns."""
