"""The ways in which a run may fail; the class names are a contract with the state machine and with operators."""


class BadSettings(Exception):
    """The workflow's settings contradict themselves; the sentence says where."""


class BadInput(Exception):
    """What the execution was started with names no task or no readable slot."""


class NothingToRestore(Exception):
    """There is no good snapshot at all, so a restore cannot be tried."""
