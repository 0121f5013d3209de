"""Runs of the GitOps pipeline on paper: its machine is real, and most of its tasks are answered without being done.

So each of the machine's branches can be gone through; what the steps really do, `test_gitops_pipeline.py` shows.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from scripts.signed_http import send
from tests.e2e.gitops_pipeline import Delivery

BROKEN = "Broken"  # an error that stays, however often something is tried again
MANY = 9
LOOK_SECONDS = 0.01  # so that the inbox looks into its queue once more
# What a task is refused with to be tried again: builds are refused there, not failed.
REFUSALS = {
    "codebuild": "CodeBuild.AccountLimitExceededException",
    "codecommit": "CodeCommit.CodeCommitException",
    "lambda": "Lambda.ServiceException",
    "sfn": "Sfn.SfnException",
    "sns": "SNS.InternalErrorException",
}
SCANS = ("ScanPolicy", "ScanSecrets", "AuditDependencies", "RunUnitTests")
# The tasks in their order, with what they answer; with None the task itself answers. A function, a topic or a
# repository has one entry, whichever of the states asks it.
ANSWERS: dict[str, Any] = {
    "ReadPush": {"decision": "RUN"},
    **{scan: {} for scan in SCANS},
    "JudgeFindings": {"verdict": "PASSED", "counts": {}, "findings": [], "stopping": 0, "logs": {}},
    "Build": {"MANIFEST_KEY": "artifacts/paper/manifest.json", "MANIFEST_VERSION": "1"},
    "ReadManifest": {"artifacts": {}},
    "Plan": {"PLAN_KEY": "plan.tfplan", "PLAN_VERSION": "1", "PLAN_SHA256": "0" * 64, "PLAN_SUMMARY": "no change"},
    "OpenDecision": None,
    "AskApprovers": None,
    "CloseRequest": None,
    "ConfirmManifest": {"artifacts": {}},
    "RememberVersions": {"aliases": []},
    "Apply": {},
    "ShiftTraffic": {"percent": 10, "done": False, "wait_seconds": 30},
    "JudgeCanary": {"healthy": True, "alarms": []},
    "ShiftTraffic again": {"percent": 100, "done": True, "wait_seconds": 0},
    "SmokeTest": {},
    "RollBack": {"rolled_back": [], "noted": True, "ended": False, "run": None},
    "TellOutcome": None,
    "PublishOutcome": None,
    "CommentOutcome": {},
    "ReleaseLock": None,
}


class Paper:
    """Makes runs of a commit that was delivered before."""

    def __init__(self, real: Delivery) -> None:
        self.pipeline = real.pipeline
        self.event: dict[str, Any] = json.loads(real.execution["input"])
        self.commit = real.commit
        self._run: dict[str, Any] = json.loads(real.entry["run"])

    def run(self, **changes: Any) -> dict[str, Any]:
        """Return a run that nothing of the ledger belongs to."""
        own = {"run_id": f"{self.commit[:12]}-{uuid4().hex[:8]}", "execution": "on paper"}
        return self._run | own | changes

    def begin(
        self,
        fates: Mapping[str, Sequence[str]],
        answers: Mapping[str, Any] | None = None,
        event: object = None,
        **changes: Any,
    ) -> str:
        """Start an execution whose tasks meet the errors of `fates` first, then answer; `changes` are the run's."""
        while self.pipeline.inbox.wait_for(self.commit[:12], LOOK_SECONDS):
            pass  # what was told of runs before
        given = ANSWERS | {"ReadPush": ANSWERS["ReadPush"] | {"run": self.run(**changes)}} | dict(answers or {})
        for name, answer in given.items():
            task = name.removesuffix(" again")
            for error in fates.get(name, ()):
                self.pipeline.arm(task, times=MANY if error == BROKEN else 1, error=error)
            if answer is not None and BROKEN not in fates.get(name, ()):
                self.pipeline.arm(task, result=self._answer(task, answer))
        return self.pipeline.start(event or self.event)

    def end(self, execution: str) -> Delivery:
        """Wait for the end of an execution; what it did not meet is forgotten."""
        try:
            return self.pipeline.end(execution)
        finally:
            send("DELETE", f"{self.pipeline.engine.url}/_local/faults")

    def deliver(self, fates: Mapping[str, Sequence[str]], **how: Any) -> Delivery:
        """Run to the end."""
        return self.end(self.begin(fates, **how))

    def refusal(self, name: str) -> str:
        """Return an error with which a task is tried again."""
        resource = self.pipeline.tasks[name.removesuffix(" again")]["Resource"]
        return next(error for service, error in REFUSALS.items() if f":{service}:" in resource)

    def _answer(self, task: str, answer: Any) -> dict[str, Any]:
        """Return what the integration answers: a function's payload, a build that exports this, or an execution."""
        resource = self.pipeline.tasks[task]["Resource"]
        if ":sfn:" in resource:
            return {"Input": json.dumps(answer)}
        if ":codebuild:" not in resource:
            return {"Payload": answer}
        exported = [{"Name": name, "Value": value} for name, value in answer.items()]
        logs = {"DeepLink": "https://logs.example.com/build"}
        return {"Build": {"BuildStatus": "SUCCEEDED", "Logs": logs, "ExportedEnvironmentVariables": exported}}
