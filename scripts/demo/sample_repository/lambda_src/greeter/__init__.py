"""Greets people by their names."""
