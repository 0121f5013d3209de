"""How the pipeline talks to AWS: the only code of it that does."""
