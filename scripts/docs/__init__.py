"""Documentation that is generated from what it describes; `make docs` writes it, a test keeps it fresh."""
