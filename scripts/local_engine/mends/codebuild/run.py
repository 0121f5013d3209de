"""The life of a build: its phases, one after the other, until it has succeeded, failed, or is told to stop.

AWS: https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html - POST_BUILD and
UPLOAD_ARTIFACTS follow a BUILD whether it succeeded or not, no other phase follows one that failed. How a build ends
that went on after a failed phase (`on-failure: CONTINUE`) is not documented; here it fails.
The environment variable ENGINE_TIME_BUILD_SCALE shortens the time-outs: with 0.1 a minute of theirs lasts 6 seconds.
"""

import contextvars
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.mends.codebuild import artifacts, buildspec, record, source, variables
from scripts.local_engine.mends.codebuild.buildspec import Buildspec
from scripts.local_engine.mends.codebuild.commands import Commands
from scripts.local_engine.mends.codebuild.failure import Failure, Halted
from scripts.local_engine.mends.codebuild.log import Log
from scripts.local_engine.mends.codebuild.projects import SERVICE
from scripts.local_engine.mends.codebuild.session import RoleSession
from scripts.local_engine.sandbox import Ended, Shell

logger = logging.getLogger("codebuild")

SCALE = float(os.environ.get("ENGINE_TIME_BUILD_SCALE", "1"))
SLOTS = max(4, os.cpu_count() or 0)  # builds that run side by side; AWS: a quota of the account's
# Not $TMPDIR: a socket's path has 107 characters at most. A build's folder there is made by mkdtemp, for us alone.
SCRATCH = "/tmp"  # noqa: S108 - see above
FOLDERS = ("src", "home", "tmp", "state")
_HIDDEN = Path(os.environ["ENGINE_DIRECTORY"])
_LOOK_SECONDS = 0.1
_GIBIBYTE = 1 << 30
_MEMORY = {"SMALL": 3, "MEDIUM": 7, "LARGE": 15, "XLARGE": 70, "2XLARGE": 145}  # GiB
_slots = threading.BoundedSemaphore(SLOTS)

type Build = dict[str, Any]


class Run:
    """One build, in a thread of its own; `wanted` are the artifacts as the project or the start asks for them."""

    def __init__(self, build: Build, project_arn: str, wanted: dict[str, Any]) -> None:
        self._build = build
        self._project_arn = project_arn
        self._wanted = wanted
        self._uuid = build["id"].partition(":")[2]
        self._log = Log()
        self._halted: Halted | None = None
        self._shell: Shell | None = None

    def start(self) -> None:
        """Let the build run, in the current account and region."""
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._live,), daemon=True).start()

    def halt(self, status: str, code: str = "", sentence: str = "") -> None:
        """End the build as soon as possible, unless it is ending already."""
        self._halted = self._halted or Halted(status, code, sentence)
        if self._shell:
            self._shell.stop()

    def _live(self) -> None:
        status = "FAULT"
        try:
            status = self._queue()
        except Halted as halted:
            status = halted.status
        except Exception as error:
            logger.exception("Build %s could not go on", self._build["id"])
            record.end(self._build, "FAULT", "INTERNAL_SERVICE_ERROR", str(error))
        finally:
            record.complete(self._build, status)

    def _queue(self) -> str:
        with ExitStack() as stack:
            with self._phase("QUEUED"):
                deadline = time.monotonic() + self._build["queuedTimeoutInMinutes"] * 60 * SCALE
                while not _slots.acquire(timeout=_LOOK_SECONDS):
                    self._go_on()
                    if time.monotonic() > deadline:
                        raise Halted("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out.")
            stack.callback(_slots.release)
            minutes = self._build["timeoutInMinutes"]
            timed_out = ("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out.")
            timer = threading.Timer(minutes * 60 * SCALE, contextvars.copy_context().run, (self.halt, *timed_out))
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)
            scratch = Path(tempfile.mkdtemp(prefix="codebuild-", dir=SCRATCH)).resolve()
            stack.callback(shutil.rmtree, scratch, ignore_errors=True)
            return self._work(stack, {name: scratch / name for name in FOLDERS})

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Be in a phase, and record how it ended."""
        record.begin(self._build, name)
        self._log.say(f"Entering phase {name}")
        try:
            self._go_on()
            yield
            self._go_on()
        except Failure as failure:
            self._log.say(f"Phase complete: {name} State: FAILED")
            self._log.say(f"Phase context status code: {failure.code} Message: {failure.sentence}")
            record.end(self._build, "FAILED", failure.code, failure.sentence)
            raise
        except (Halted, Ended) as ended:
            halted = ended if isinstance(ended, Halted) else self._halted or Halted("FAULT")
            record.end(self._build, halted.status, halted.code, halted.sentence)
            raise halted from None
        else:
            self._log.say(f"Phase complete: {name} State: SUCCEEDED")
            record.end(self._build, "SUCCEEDED")

    def _go_on(self) -> None:
        if self._halted:
            raise self._halted

    def _work(self, stack: ExitStack, folders: dict[str, Path]) -> str:
        try:
            with self._phase("PROVISIONING"):
                session = self._provision(folders)
                stack.callback(session.end)
            with self._phase("DOWNLOAD_SOURCE"):
                spec, environment = self._download(session, folders)
                shell = self._open_shell(stack, folders, environment)
        except Failure:
            return self._finalize("FAILED")
        commands = Commands(shell, spec, folders["state"], self._log)
        was_built = self._run_phases(commands, spec)
        status = "SUCCEEDED" if commands.succeeding else "FAILED"
        if was_built:
            try:
                with self._phase("UPLOAD_ARTIFACTS"):
                    self._hand_out(commands, spec, shell, session, folders["src"])
            except Failure:
                status = "FAILED"
        return self._finalize(status)

    def _provision(self, folders: dict[str, Path]) -> RoleSession:
        """Take the service role on, and open the log with it.

        AWS: in which phase a missing permission shows is not documented. See also `Log.open`.
        """
        role = self._build["serviceRole"]
        if not (trusted := service_may_assume(role, SERVICE, self._project_arn)):
            raise Failure("ACCESS_DENIED", f"CodeBuild is not authorized to perform: sts:AssumeRole. {trusted.reason}")
        self._log.open(self._build["logs"], role, self._build["arn"])
        for folder in folders.values():
            folder.mkdir()
        return RoleSession(role, self._uuid)

    def _download(self, session: RoleSession, folders: dict[str, Path]) -> tuple[Buildspec, dict[str, str]]:
        build = self._build
        source.download(build, session, folders["src"])
        spec = buildspec.read(build["source"].get("buildspec") or "", folders["src"])
        own, secrets = variables.chosen(build, spec, session)
        self._log.mask(secrets)
        provided = variables.provided(build, folders)
        return spec, {**variables.of_the_machine(folders), **session.variables(), **own, **provided}

    def _open_shell(self, stack: ExitStack, folders: dict[str, Path], environment: dict[str, str]) -> Shell:
        size = self._build["environment"].get("computeType", "").rpartition("_")[2]
        memory = _MEMORY.get(size, _MEMORY["SMALL"]) * _GIBIBYTE
        scratch = folders["src"].parent
        hidden = [_HIDDEN, *(path for path in scratch.parent.glob("codebuild-*") if path != scratch)]
        shell = stack.enter_context(Shell(scratch, folders["src"], environment, memory, hidden))
        self._shell = shell
        self._go_on()
        if not shell.is_confined:
            self._log.say("This machine's kernel has no Landlock 3: nothing keeps this build from writing elsewhere.")
        return shell

    def _run_phases(self, commands: Commands, spec: Buildspec) -> bool:
        """Run the commands of all phases, and return whether BUILD and what follows it came to their turn."""
        for name in record.PHASES:
            phase = spec.phases[name]
            try:
                with self._phase(name):
                    commands.run(phase)
            except Failure:
                goes_on = phase.on_failure == "CONTINUE" or (name == "BUILD" and not phase.on_failure)
                if name != "POST_BUILD" and not goes_on:
                    return False
        return True

    def _hand_out(self, commands: Commands, spec: Buildspec, shell: Shell, session: RoleSession, place: Path) -> None:
        """Tell the exported variables, end all processes, and upload what they left."""
        record.note(self._build, exportedEnvironmentVariables=commands.exported())
        named = dict(spec.artifacts)
        if named.get("name"):
            named["name"] = commands.value(str(named["name"]))
        shell.stop()
        if self._wanted["type"] == "S3":
            kept = artifacts.upload(self._build, self._wanted, named, place, session)
            record.note(self._build, artifacts=kept)

    def _finalize(self, status: str) -> str:
        with self._phase("FINALIZING"):
            return status
