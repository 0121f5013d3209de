"""Secrets that rotate: the four steps of Secrets Manager, whatever a secret's values are and whoever makes them."""
