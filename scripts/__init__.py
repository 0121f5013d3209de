"""The repository's own programs, each run as `python -m scripts.<name>` from the repository's root."""
