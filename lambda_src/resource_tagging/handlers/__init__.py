"""The entry points of the tagging workflow's functions: read the event, ask the domain, tag."""
