"""The entry points of the snapshot workflow's functions: parse the event, ask the domain, return a plain dict."""
