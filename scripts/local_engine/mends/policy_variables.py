"""Policy variables: `${aws:username}` in a resource or a condition stands for the request's own value.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator

from scripts.local_engine.patching import Function, wrap

_VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")
_CHARACTERS = {"*", "?", "$"}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(iam_evaluator, "_first_match")(_first_match)


def _first_match(original: Function, ctx: Any, stmts: list[Any], effect: str) -> Any:
    """Match a policy's statements with the request's values in the place of their variables.

    AWS: a variable without a value and without a default matches nothing. Engine: took variables as they are written.
    """
    return original(ctx, [_resolved(statement, ctx) for statement in stmts], effect)


def _resolved(statement: Any, ctx: Any) -> Any:
    if "${" not in f"{statement.resources}{statement.not_resources}{statement.conditions}":
        return statement
    return replace(
        statement,
        resources=[_value(each, ctx) for each in statement.resources],
        not_resources=[_value(each, ctx) for each in statement.not_resources],
        conditions=_values(statement.conditions, ctx),
    )


def _values(node: Any, ctx: Any) -> Any:
    match node:
        case dict():
            return {key: _values(each, ctx) for key, each in node.items()}
        case list():
            return [_values(each, ctx) for each in node]
        case str():
            return _value(node, ctx)
    return node


def _value(text: str, ctx: Any) -> str:
    """Return a text with its variables replaced; one without a value stays, and matches nothing."""

    def replaced(found: re.Match[str]) -> str:
        name, default = found[1].strip(), found[2]
        if name in _CHARACTERS:
            return name
        value = iam_evaluator._resolve_condition_key(name, ctx)
        return str(value) if isinstance(value, str) else default or found[0]

    return _VARIABLE.sub(replaced, text)
