"""The entry point of the notifications' function: parse the event, ask the domain, report each message's fate."""
