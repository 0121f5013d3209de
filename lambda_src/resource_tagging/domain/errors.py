"""What may go wrong with tagging; the name is what operators see in the failure queue."""


class NotTaggableYet(Exception):
    """EC2 does not show a new resource yet, or an instance does not have its volumes: a later attempt will do."""
