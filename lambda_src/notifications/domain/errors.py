"""What may go wrong with a notification; an error's class decides what becomes of it, its name is for operators."""

from shared.queues.errors import KnownError


class Rejected(KnownError):
    """The channel refused the notification for good: it would do so again, however often it is sent."""


class BadAddress(Rejected):
    """A channel's address is none that notifications may be sent to."""


class Busy(KnownError):
    """The channel asks to wait, and says for how many seconds."""

    def __init__(self, sentence: str, seconds: int) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class NoAddress(KnownError):
    """The secret holds no address of a channel: somebody has to put it there, until then the notification waits."""


class BadSettings(KnownError):
    """The settings contradict themselves: our mistake, not the notification's, which is tried again."""
