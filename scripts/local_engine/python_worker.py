"""One execution environment of a Python function: awslambdaric in an interpreter of its own, from the very zips."""

import contextvars
import os
import re
import select
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import IO, Any
from uuid import uuid4

from ministack.core import lambda_runtime

from scripts.local_engine.function_environment import PythonPackage

GUARD_SECONDS = 0.02

# The environment that served the current thread's invocation, for the log's stream and the report's init duration.
current: contextvars.ContextVar["PythonWorker | None"] = contextvars.ContextVar("current_worker", default=None)


def request_id() -> str:
    """Return the id of the current thread's last invocation, "" when there was none."""
    worker = current.get()
    return worker.request_id if worker else ""


class PythonWorker(lambda_runtime.ProvidedWorker):  # type: ignore[misc] # ministack is untyped
    """Serves a `python3.*` function through the Runtime API, as AWS's managed runtime does."""

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        super().__init__(func_name, config, PythonPackage(code_zip))
        version = config.get("Version", "$LATEST")
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid4().hex}"
        self.config = {**config, "_log_stream": self.log_stream}
        self.exit_status: int | None = None
        self.request_id = ""
        self.trace_header = ""  # of the invocation in hand, in the form of X-Amzn-Trace-Id
        self.first = False  # whether the invocation in hand is the environment's first
        self.init_milliseconds = 0  # of the invocation in hand: 0 unless it is the first
        self.peak_megabytes = 0
        self.status = "success"  # of the invocation in hand, as a platform.report names it
        self._output: IO[bytes] | None = None
        self._output_lock = threading.Lock()
        self._partial = b""
        self._lines: list[str] = []

    def invoke(self, event: Any, request_id: str, **context: Any) -> dict[str, Any]:
        """Run one invocation; failures carry the error types and messages that AWS gives."""
        current.set(self)
        self.request_id, self.first, self.init_milliseconds = request_id, self._proc is None, 0
        self.trace_header = str(context.get("trace_id") or "")
        finished = threading.Event()
        threading.Thread(target=self._guard_memory, args=(finished,), daemon=True).start()
        try:
            result: dict[str, Any] = super().invoke(event, request_id, **context)
        except RuntimeError as error:  # the initialization failed
            self._teardown()
            payload = self._init_error or {"errorType": "Runtime.ExitError", "errorMessage": str(error)}
            result = {"status": "error", "error": payload["errorMessage"], "error_payload": payload, "cold_start": True}
            result["log"] = self._drain_stderr()
        finally:
            finished.set()
        self.peak_megabytes = self._megabytes("VmHWM") or self.peak_megabytes
        payload = result.get("error_payload")
        self.status = _status(payload) if result["status"] == "error" else "success"
        if isinstance(payload, dict):
            result["error_payload"] = self._named(payload, request_id)
        return result

    def _spawn(self, init_timeout: float | None = None) -> None:
        started = time.monotonic()
        super()._spawn(init_timeout)
        self.init_milliseconds = int((time.monotonic() - started) * 1000)

    def _guard_memory(self, finished: threading.Event) -> None:
        """Kill the process when it holds more memory than the function was given, as AWS does."""
        limit = self.config.get("MemorySize", 128)
        while not finished.wait(GUARD_SECONDS):
            process = self._proc
            if process is not None and self._megabytes("VmRSS") > limit:
                self.peak_megabytes = limit
                process.kill()
                return

    def _megabytes(self, measure: str) -> int:
        """Return a measure of the process's memory, 0 where the host does not tell (it is Linux that does)."""
        try:
            status = Path(f"/proc/{self._proc.pid}/status").read_text()
        except (OSError, AttributeError):
            return 0
        found = re.search(rf"{measure}:\s+(\d+)", status)
        return int(found[1]) // 1024 if found else 0

    def _named(self, payload: dict[str, Any], request_id: str) -> dict[str, Any]:
        if payload.get("errorType") == "Runtime.ExitError":
            return {**payload, "errorMessage": f"RequestId: {request_id} Error: Runtime exited {self._exit_reason()}"}
        if payload.get("errorType") == "Sandbox.Timedout":
            return {**payload, "errorMessage": f"RequestId: {request_id} Error: {payload['errorMessage']}"}
        return payload

    def _exit_reason(self) -> str:
        status = self.exit_status
        if status is None or status == 0:
            return "without providing a reason"
        return f"with error: {'signal: killed' if status < 0 else f'exit status {status}'}"

    def _teardown(self) -> None:
        if self._proc is not None:
            self.exit_status = self._proc.poll()
        super()._teardown()

    def _pump_output(self, stream: IO[bytes], log_queue: Queue[str]) -> None:  # noqa: ARG002 the lines are kept here
        self._output = stream
        while True:
            _wait_for(stream)
            with self._output_lock:
                if not self._read_available():
                    break
        stream.close()

    def _read_available(self) -> bool:
        """Take what the function has written so far, without waiting; return False at the end of its output."""
        while self._output and not self._output.closed and _wait_for(self._output, 0):
            chunk = os.read(self._output.fileno(), 1 << 16)
            if not chunk:
                return False
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            self._lines += [line.decode(errors="replace").rstrip("\r") for line in lines]
        return True

    def _drain_stderr(self) -> str:
        """Return every line written before now: nothing is waited for, nothing is left for the next invocation."""
        with self._output_lock:
            self._read_available()
            lines, self._lines = self._lines, []
        return "\n".join(lines)

    def _drain_stderr_bounded(self, *_: object, **__: object) -> str:
        return self._drain_stderr()


def _wait_for(stream: IO[bytes], milliseconds: int | None = None) -> bool:
    """Say whether there is something to read, or the end; poll, as select cannot in a process with many files open."""
    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    return bool(waiting.poll(milliseconds))


def _status(payload: Any) -> str:
    kind = payload.get("errorType") if isinstance(payload, dict) else None
    return {"Sandbox.Timedout": "timeout", "Runtime.ExitError": "failure"}.get(str(kind), "error")
