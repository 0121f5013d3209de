"""Lambda: Python functions run under AWS's own runtime interface client, in the environment that AWS gives."""

import http.server
import json
import secrets
import threading
import time
from http.client import BAD_REQUEST
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from scripts.local_engine import function_environment, python_worker
from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    function_environment.prepare_runtime()
    http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True  # 40 ms an invocation
    wrap(lambda_runtime, "_worker_class_for")(_python_worker)
    wrap(lambda_svc, "_execute_function_warm")(_through_the_runtime_api)
    wrap(lambda_svc, "_provided_runtime_code_dir")(_package_directory)
    wrap(lambda_svc, "_provided_worker_env")(_environment)
    wrap(lambda_svc, "_publish_layer_version")(_publish_layer)
    wrap(lambda_svc, "_xray_trace_id_for_invocation")(_trace_header)


def _is_python(config: dict[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


def _python_worker(original: Function, config: dict[str, Any]) -> Any:
    """Give each environment of a Python function its own interpreter under awslambdaric.

    AWS: the managed runtimes are built on this open-source client
    (https://docs.aws.amazon.com/lambda/latest/dg/python-image.html#python-image-clients).
    Engine: a worker script of its own, in an interpreter that saw every package of the engine's virtual environment;
    error types were `Runtime.HandlerError` whatever was raised.
    """
    return python_worker.PythonWorker if _is_python(config) else original(config)


def _through_the_runtime_api(original: Function, func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Drive those environments as the engine drives custom runtimes, whose protocol they speak.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. Engine: JSON lines over standard input.
    """
    execute = lambda_svc._execute_function_provided_warm if _is_python(func.get("config") or func) else original
    answer: dict[str, Any] = execute(func, event, request_id)
    return answer


def _package_directory(original: Function, code_zip: bytes) -> str:
    """Lay out a Python function beneath a bootstrap of ours; custom runtimes bring their own.

    AWS: the zip is unpacked as /var/task (https://docs.aws.amazon.com/lambda/latest/dg/python-package.html).
    Engine: it looked for a `bootstrap` in the zip.
    """
    if isinstance(code_zip, function_environment.PythonPackage):
        return function_environment.unpacked(code_zip, original)
    return str(original(code_zip))


def _environment(original: Function, config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
    """Start a Python function with the variables AWS documents and its own, and no others.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    Engine: the host's whole environment leaked in; AWS_LAMBDA_LOG_GROUP_NAME, AWS_EXECUTION_ENV, TZ, the log format
    and level, and the layers were missing.
    """
    if _is_python(config):
        return function_environment.environment(config, code_dir, port)
    environment: dict[str, str] = original(config, code_dir, port)
    return environment


def _publish_layer(original: Function, layer_name: str, data: dict[str, Any]) -> Any:
    """Unpack a layer when it is published, so that no invocation waits for it.

    AWS: layers are prepared before functions run (https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html).
    Engine: the first invocation that needed a layer unpacked it, within its time.
    """
    status, headers, body = original(layer_name, data)
    content = (
        lambda_svc._resolve_layer_zip(json.loads(body).get("LayerVersionArn", "")) if status < BAD_REQUEST else None
    )
    if content:
        threading.Thread(target=lambda_svc._provided_runtime_code_dir, args=(content,), daemon=True).start()
    return status, headers, body


def _trace_header(original: Function, config: dict[str, Any], inbound_trace_header: str | None = None) -> str:
    """Give every invocation a trace header; without active tracing it says that the request is not sampled.

    AWS: _X_AMZN_TRACE_ID is set for every invocation
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
    Engine: none unless tracing was active.
    """
    root = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
    return original(config, inbound_trace_header) or root
