"""The rules, from Parameter Store."""

from notifications.domain.errors import BadSettings
from notifications.domain.settings import Rules
from shared import configuration
from shared.queues.translation import translated


def read_rules(parameter: str, kept_seconds: int) -> Rules:
    """Return the rules, `kept_seconds` old at most. Raises `BadSettings`, `Transient` and `Refused`."""
    try:
        with translated():
            return configuration.read(parameter, _rules, max_age=kept_seconds, hasty=True)
    except configuration.NoParameter:
        raise BadSettings("there are no settings") from None


def _rules(text: str) -> Rules:
    try:
        document = configuration.json_object(text)
    except ValueError as problem:
        raise BadSettings(f"the settings cannot be read: {problem}") from problem
    return Rules.from_document(document)
