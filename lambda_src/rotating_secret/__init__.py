"""Rotates secrets that belong to no workflow's own code, and measures how old they are."""
