"""The functions, one each file."""
