"""Why an address cannot be had or proven now; a later attempt may. None of these sentences holds an address."""


class IssuerFailed(Exception):
    """The issuer gave no address."""


class NotProven(Exception):
    """Nobody could tell whether an address is good."""
