"""The entry points of the greeter's functions."""
