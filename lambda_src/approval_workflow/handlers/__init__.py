"""The entry points of the approval workflow: parse the event, ask the domain, store, answer."""
