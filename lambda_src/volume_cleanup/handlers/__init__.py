"""The entry points of the volume clean-up: read a plan or a page, ask the domain, act, answer."""
