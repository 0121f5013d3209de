"""The entry points of the pipeline's steps: read, ask the domain, write, answer."""
