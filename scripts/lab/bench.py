"""The environment on the lab's bench: what its users do, and what the doctor says of it."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.doctor.adapters.environment import Decisions, gather
from scripts.doctor.adapters.reading import Window
from scripts.doctor.diagnosis import diagnose
from scripts.doctor.findings import Finding
from scripts.doctor.rules.retry_loops import EXCESSIVE, ROUNDS
from scripts.executions import ENDED, ExecutionTimeoutError, history, started_by, wait_for_end
from scripts.lab import LabError
from scripts.lab.functions import LabFunction
from scripts.people import caller
from scripts.real_data import planes
from scripts.signed_http import Caller

SHORT, LONG = f"req-{'0' * 20}", f"req-{'f' * 20}"  # nobody made these requests, so a healthy API answers 404
ROWS = 20
NOTHING = "nothing starts"
GIVES_UP, GOES_ON = "it gives up", "it tries again and again"
FEW = 5  # failed attempts, which the deployed definition allows at most
POLL_SECONDS = 0.2
START_SECONDS = 10
RUN_SECONDS = 120
LINES = 5000


@dataclass(frozen=True)
class Bench:
    """An applied local environment; `decisions` reads its engine's log where that is not the usual one."""

    deployment: Deployment
    decisions: Decisions | None = None

    @cached_property
    def ada(self) -> Caller:
        """Who calls the API."""
        return caller(self.deployment, "ada")

    @property
    def shown(self) -> LabFunction:
        """The function behind the route that `ask` calls."""
        return self._function("approval_workflow", "show_request")

    @property
    def parsing(self) -> LabFunction:
        """The first function that a run of the ETL pipeline calls."""
        return self._function("etl_pipeline", "parse_metadata")

    def ask(self) -> str:
        """Ask the approval workflow's API for two requests, one after the other; return both statuses."""
        url = f"{self.deployment.outputs['approval_workflow']['api_url']}/requests"
        return " ".join(str(self.ada.call("GET", f"{url}/{each}").status) for each in (SHORT, LONG))

    def load(self) -> str:
        """Upload a good file; return how its run ends, or that none starts."""
        arn = self._upload(_good_file())
        return str(wait_for_end(self.states, arn, RUN_SECONDS)["status"]) if arn else NOTHING

    def load_broken(self) -> str:
        """Upload a file without the contract's columns; return whether its run gives up in good time."""
        return self._tried(self._upload(b"tail,age\nN10156,9\n"), ROUNDS + 5)

    def load_when_busy(self) -> str:
        """Upload a good file while Lambda throttles the first step; return whether its run gives up in good time."""
        with self.parsing.reserving(0):
            return self._tried(self._upload(_good_file()), EXCESSIVE + 5)

    def findings(self, since: float) -> list[Finding]:
        """Return what the doctor finds in the time since then (seconds since the epoch).

        Raises LabError for what it could not look at.
        """
        environment = gather(self.deployment, Window(since, time.time() + 1, LINES), self.decisions)
        if environment.unread:
            raise LabError(f"the doctor could not look at everything: {environment.unread}")
        return diagnose(environment)

    @cached_property
    def states(self) -> Client:
        """The client of Step Functions."""
        return self.deployment.client("stepfunctions")

    def _function(self, workflow: str, key: str) -> LabFunction:
        return LabFunction(self.deployment, self.deployment.outputs[workflow]["function_names"][key])

    def _upload(self, body: bytes) -> str:
        """Upload a file; return the ARN of the execution that its event starts, "" if none starts soon."""
        outputs = self.deployment.outputs["etl_pipeline"]
        key = f"incoming/planes/lab-{uuid.uuid4().hex[:8]}.csv"
        put = self.deployment.client("s3").put_object(Bucket=outputs["bucket"], Key=key, Body=body)
        try:
            return started_by(self.states, outputs["state_machine_arn"], put["VersionId"], START_SECONDS)
        except ExecutionTimeoutError:
            return ""

    def _tried(self, arn: str, most: int) -> str:
        """Wait until an execution ends, or has failed `most` attempts and is stopped; return whether it gave up.

        Raises LabError when it does neither in two minutes.
        """
        if not arn:
            return NOTHING
        failed, ended, deadline = 0, False, time.monotonic() + RUN_SECONDS
        while failed < most and not ended:
            if time.monotonic() > deadline:
                raise LabError(f"{arn} neither ends nor fails {most} attempts in {RUN_SECONDS} s: there are {failed}")
            time.sleep(POLL_SECONDS)
            ended = self.states.describe_execution(executionArn=arn)["status"] in ENDED
            failed = sum(event["type"] == "TaskFailed" for event in history(self.states, arn))
        if not ended:
            self.states.stop_execution(executionArn=arn, cause="the lab has seen enough")
        return GIVES_UP if failed <= FEW else GOES_ON


def _good_file() -> bytes:
    with planes().open("rb") as file:
        return b"".join(islice(file, ROWS + 1))


def named(findings: Iterable[Finding]) -> list[str]:
    """Return each finding in a few words: the fault, the cause and what it was found on."""
    return [f"{each.fault.name}: {each.cause} of {each.subject}" for each in findings]
