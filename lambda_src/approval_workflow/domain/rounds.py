"""How long each round of asking lasts: every one about twice the one before, together the policy's deadline."""


def rounds(deadline_seconds: int, reminders: int) -> list[int]:
    """Return the seconds of the first round and of each reminder's: whole, growing, exactly the deadline in all.

    Raises ValueError if the deadline is too short for so many rounds.
    """
    shares = 2 ** (reminders + 1) - 1
    if not 0 < shares <= deadline_seconds:
        raise ValueError(f"{deadline_seconds} seconds are too few for {reminders} reminders")
    shortest, rest = divmod(deadline_seconds, shares)
    found = [shortest * 2**number for number in range(reminders + 1)]
    return [*found[:-1], found[-1] + rest]
