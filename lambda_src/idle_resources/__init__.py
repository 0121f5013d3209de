"""Stops instances that nobody uses, after a warning, and starts them again when their calendar says so."""
