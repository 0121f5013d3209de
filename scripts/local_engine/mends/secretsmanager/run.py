"""A rotation under way: its function is called step by step, and the whole again when a step failed.

The environment variable ENGINE_TIME_ROTATION_SCALE shortens schedules, and the pauses between attempts: with 0.00001 a
day lasts 0.9 seconds.
"""

import contextvars
import os
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ministack.services import lambda_svc
from ministack.services import secretsmanager as engine

from scripts.local_engine.delivery import Sender, exists
from scripts.local_engine.mends.secretsmanager import versions
from scripts.local_engine.mends.secretsmanager.events import SERVICE, announce

SCALE = float(os.environ.get("ENGINE_TIME_ROTATION_SCALE", "1"))
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
ATTEMPTS = 5  # AWS says "multiple times"
PAUSE_SECONDS = 60 * SCALE  # AWS does not tell its own

type Secret = dict[str, Any]

_under_way: set[str] = set()
_lock = threading.Lock()


def is_under_way(secret: Secret) -> bool:
    """Tell whether the secret is being rotated, or its rotation tested, right now."""
    return secret["ARN"] in _under_way


def begin(secret: Secret, version: str) -> str:
    """List the next version before it has a value, and start its rotation; return it."""
    versions.take_label(secret, versions.PENDING)
    secret["Versions"][version] = {"CreatedDate": int(time.time()), "Stages": [versions.PENDING]}
    _start(secret, lambda: _rotate(secret, version))
    return version


def try_again(secret: Secret) -> None:
    """Start the rotation that was not finished again, unless it is under way or was cancelled."""
    version = versions.unfinished(secret)
    if version and secret["RotationEnabled"]:
        _start(secret, lambda: _rotate(secret, version))


def test(secret: Secret) -> None:
    """Try the function's step testSecret on a version that exists for as long.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html (RotateImmediately). What
    that version holds is not documented: here, as the templates' functions would fail otherwise, the current value.
    """
    _start(secret, lambda: _try_out(secret))


def _start(secret: Secret, work: Callable[[], None]) -> None:
    """Do what takes time in another thread, unless something is under way for the secret."""
    with _lock:
        if secret["ARN"] in _under_way:
            return
        _under_way.add(secret["ARN"])

    def to_the_end() -> None:
        try:
            work()
        finally:
            _under_way.discard(secret["ARN"])

    threading.Thread(target=contextvars.copy_context().run, args=(to_the_end,), daemon=True).start()


def _rotate(secret: Secret, version: str) -> None:
    """Try all steps until they succeed, the attempts are used up, or there is nothing to do any more.

    AWS: "If any rotation step fails, Secrets Manager retries the entire rotation process multiple times"
    (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html).
    """
    for number in range(ATTEMPTS):
        if number and _is_wanted(secret, version):
            time.sleep(PAUSE_SECONDS)
        if not _is_wanted(secret, version):
            return
        announce(secret, "RotationStarted")
        called = all(_is_wanted(secret, version) and _call(secret, version, step) for step in STEPS)
        if called and versions.CURRENT in _stages(secret, version):
            secret["LastRotatedDate"] = int(time.time())
            announce(secret, "RotationSucceeded")
            return
        secret["_Tried"] = time.time()
        if versions.unfinished(secret) == version:  # else it was abandoned, which was said
            announce(secret, "RotationFailed")


def _is_wanted(secret: Secret, version: str) -> bool:
    """Tell whether a rotation goes on: it was not cancelled, its version is still the next, and the secret is there."""
    stages = _stages(secret, version)
    labelled = versions.PENDING in stages or versions.CURRENT in stages
    there = engine._resolve(secret["ARN"])[1] is secret and not secret.get("DeletedDate")
    return bool(labelled and there and secret["RotationEnabled"])


def _stages(secret: Secret, version: str) -> list[str]:
    stages: list[str] = (secret["Versions"].get(version) or {"Stages": []})["Stages"]
    return stages


def _try_out(secret: Secret) -> None:
    version, current = str(uuid4()), versions.of_stage(secret, versions.CURRENT)
    value = secret["Versions"][current] if current else {}
    secret["Versions"][version] = {**value, "CreatedDate": int(time.time()), "Stages": [versions.PENDING]}
    announce(secret, "TestRotationStarted")
    succeeded = _call(secret, version, "testSecret")
    secret["Versions"].pop(version, None)
    announce(secret, "TestRotationSucceeded" if succeeded else "TestRotationFailed")


def _call(secret: Secret, version: str, step: str) -> bool:
    """Call the function for one step; return whether it succeeded."""
    function = secret["RotationLambdaARN"]
    if not exists(function) or not Sender(SERVICE, secret["ARN"]).may_reach(function):
        return False
    record, config, _ = lambda_svc._get_func_record_for_ref(function)
    execution = lambda_svc._execution_record_for_config(record, config)
    event = {"SecretId": secret["ARN"], "ClientRequestToken": version, "Step": step}
    result = lambda_svc._run_with_function_config_scope(execution, lambda_svc._execute_function, execution, event)
    return not result.get("error")
