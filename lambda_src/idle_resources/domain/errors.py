"""What may go wrong with a machine; the name is what the report says."""


class NoCapacity(Exception):
    """AWS has no room for any of the instance types that the settings allow; the next run tries again."""
