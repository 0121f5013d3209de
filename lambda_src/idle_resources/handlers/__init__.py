"""The entry points of the idle resources' functions: read the plan, look again, act, answer."""
