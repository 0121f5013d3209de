"""Why a phase of a build fails."""


class Failure(Exception):
    """A phase's failure: the status code and the sentence of its context."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Halted(Exception):
    """The build was stopped or its time ran out: the status it ends with, and the context of the phase in hand."""

    def __init__(self, status: str, code: str = "", sentence: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.code = code
        self.sentence = sentence
