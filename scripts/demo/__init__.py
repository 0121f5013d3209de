"""The demonstration: brings the local environment up, then tells each workflow's story on it."""


class StoryError(Exception):
    """A story did not go as it should; the message says where it went wrong."""
