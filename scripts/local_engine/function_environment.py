"""What a Python function finds around it: its package, its layers, the runtime interface client, its variables."""

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import get_region
from ministack.services import lambda_svc

BOOTSTRAP = Path(__file__).with_name("function_bootstrap.py")
RUNTIME_CLIENT = "awslambdaric"
INSTANCE_DIRECTORY = Path(tempfile.gettempdir())  # the engine's own, removed when it stops
RUNTIME_DIRECTORY = INSTANCE_DIRECTORY / "runtime"


class PythonPackage(bytes):
    """A Python function's zip: unpacked beneath a bootstrap of ours instead of one it brings."""

    __slots__ = ()


def prepare_runtime() -> None:
    """Make a directory that holds the runtime interface client and what it requires, and nothing else."""
    RUNTIME_DIRECTORY.mkdir()
    client = distribution(RUNTIME_CLIENT)
    for package in [client, *(distribution(_requirement_name(r)) for r in client.requires or [])]:
        for name in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
            (RUNTIME_DIRECTORY / name).symlink_to(Path(str(package.locate_file(name))))


def _requirement_name(requirement: str) -> str:
    return re.split(r"[^\w-]", requirement, maxsplit=1)[0]


def unpacked(package: PythonPackage, unpack: Callable[[bytes], str]) -> str:
    """Return a directory with the function's content as `task/`, beside the bootstrap that starts it."""
    content = Path(unpack(bytes(package)))
    directory = INSTANCE_DIRECTORY / f"function-{content.name}"
    with lambda_svc._provided_code_lock:  # no process may be forked while the bootstrap is open for writing
        if not directory.exists():
            directory.mkdir()
            (directory / "task").symlink_to(content, target_is_directory=True)
            command = shlex.join([sys.executable, "-B", "-S", "-P", str(BOOTSTRAP)])
            (directory / "bootstrap").write_text(f"#!/bin/sh\nexec {command}\n")
            (directory / "bootstrap").chmod(0o755)
    return str(directory)


def environment(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
    """Return the environment of a Python function: what AWS documents, the function's own, and where the engine is.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    task_root = str(Path(code_dir) / "task")
    layers = [directory for layer in config.get("Layers") or [] for directory in _layer_paths(layer, config["Runtime"])]
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": tempfile.mkdtemp(prefix="tmp-", dir=INSTANCE_DIRECTORY),  # in AWS /tmp is the environment's own
        **lambda_svc._runtime_env_vars(config),
        **_aws_variables(config),
        **_log_variables(config),
        **lambda_runtime.execution_credentials(config),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
        "LAMBDA_TASK_ROOT": task_root,
        "LAMBDA_RUNTIME_DIR": str(RUNTIME_DIRECTORY),
        "_ENGINE_SEARCH_PATH": os.pathsep.join([task_root, *layers, str(RUNTIME_DIRECTORY)]),
    }


def _aws_variables(config: dict[str, Any]) -> dict[str, str]:
    return {
        "_HANDLER": config["Handler"],
        "AWS_REGION": get_region(),
        "AWS_DEFAULT_REGION": get_region(),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }


def _log_variables(config: dict[str, Any]) -> dict[str, str]:
    logging = config.get("LoggingConfig") or {}
    group = logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    variables = {"AWS_LAMBDA_LOG_GROUP_NAME": group, "AWS_LAMBDA_LOG_STREAM_NAME": config["_log_stream"]}
    if logging.get("LogFormat") != "JSON":
        return variables
    level = logging.get("ApplicationLogLevel") or "INFO"
    return {**variables, "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}


def _layer_paths(layer: Any, runtime: str) -> list[str]:
    content = lambda_svc._resolve_layer_zip(layer)
    if not content:
        return []
    python = Path(lambda_svc._provided_runtime_code_dir(content)) / "python"
    return [str(python / "lib" / runtime / "site-packages"), str(python)]
