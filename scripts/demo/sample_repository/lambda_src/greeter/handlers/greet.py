"""Greet: answers with a greeting, and says which version of the code it comes from."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from greeter.domain.greeting import VERSION, greeting

logger = Logger()


@cache
def sentence() -> str:
    """Return how people are greeted, from the function's environment. Raises KeyError."""
    return os.environ["GREETING"]


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take `{"name": …}`; return the greeting."""
    answer = greeting(sentence(), event["name"])
    logger.info("somebody is greeted", extra={"version": VERSION})
    return {"greeting": answer, "version": VERSION}
