"""A greeting: a person's name in a sentence."""

VERSION = 1


def greeting(sentence: str, name: str) -> str:
    """Return a sentence with a person's name where it says `{name}`.

    Raises KeyError for a sentence that asks for something else.
    """
    return sentence.format(name=name.strip())
