"""The entry points of the ETL workflow's functions: parse the event, ask the domain, return a plain dict."""
