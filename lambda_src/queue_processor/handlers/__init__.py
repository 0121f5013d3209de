"""The entry points of the queue workflow's functions: parse the event, ask the domain, report each message's fate."""
