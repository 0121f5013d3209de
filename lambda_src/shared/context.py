"""What handlers use of the context that Lambda passes to them."""

from typing import Protocol


class Context(Protocol):
    """The part of Lambda's context object that functions look at."""

    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until Lambda stops the function."""


def seconds_left(context: Context) -> float:
    """Return the time until Lambda stops the function."""
    return context.get_remaining_time_in_millis() / 1000
