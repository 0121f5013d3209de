"""The GitOps pipeline's story: one push is deployed before your eyes, one is rejected, and one is taken back."""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts import sample_repository
from scripts.deployment import Deployment
from scripts.executions import follow, started_by, wait_for_end
from scripts.inbox import Inbox
from scripts.parameters import Parameter
from scripts.sample_repository import FUNCTION, PREFIX, Change, Sample
from scripts.stage import StoryError

# What of the machine's states is shown, in words.
SHOWN = {
    "Scan": "policy, secrets, dependencies, unit tests: four builds at once",
    "JudgeFindings": "findings against thresholds",
    "Build": "zips, and a signed manifest of their digests",
    "ReadManifest": "signature and digests verified",
    "Plan": "terraform plan, kept",
    "Apply": "terraform apply of that plan",
    "ShiftTraffic": "",
    "SmokeTest": "what is live, as its users call it",
    "RollBack": "back to the last good versions",
}
CANARY = [{"percent": 10, "minutes": 0.1}, {"percent": 50, "minutes": 0.1}]  # an environment's values give it minutes
CALLS = 40
RUN_SECONDS = 300  # of which the first deployment's apply takes more than a minute
# Lines of a mail that say what was said before, or are long and lead elsewhere.
LEFT_OUT = ("Environment", "Message", "Pushed by", "Began", "Log", "All findings", "Whole plan", "Report", "Execution")


class Story:
    """The pipeline, a clone of its repository, and what the team is told. Raises GitError."""

    def __init__(self, deployment: Deployment, console: Console, inbox: Inbox, folder: Path) -> None:
        self.console = console
        self.inbox = inbox
        self.outputs: dict[str, Any] = deployment.outputs["gitops_pipeline"]
        self.codecommit = deployment.client("codecommit")
        self.functions = deployment.client("lambda")
        self.states = deployment.client("stepfunctions")
        self.sample = Sample(folder, self.outputs["clone_url"])

    def push(self, change: Change, expected: str) -> str:
        """Push a change and show its way; return the commit.

        Raises StoryError unless its run ends in the state `expected`, ExecutionTimeoutError when it does not end.
        """
        commit = self.sample.push(change)
        began = time.monotonic()
        self.console.print(f"  pushed {commit[:12]}: {change.message}", markup=False)
        execution = started_by(self.states, self.outputs["state_machine_arn"], commit, RUN_SECONDS)
        last = ""
        with self.console.status("running"):
            for visit in follow(self.states, execution, RUN_SECONDS):
                last = visit.state
                if visit.seconds is not None and last in SHOWN:
                    what = SHOWN[last] or f"{CALLS} calls: {self.shares()}"
                    self.console.print(f"  [green]•[/] {last:<17} {visit.seconds:6.2f} s  {what}")
        if last != expected:
            raise StoryError(
                f"the run of commit {commit} should end in {expected}, and ends in {last}: see {execution}"
            )
        self.console.print(f"  {last} after {time.monotonic() - began:.0f} s")
        return commit

    def shares(self) -> str:
        """Call what is live some times; return how often it answered what."""
        answers = Counter(self.answer() for _ in range(CALLS))
        return ", ".join(f"{count}x {answer}" for answer, count in answers.most_common())

    def answer(self) -> str:
        """Call what is live; return what it answers, and which version of the code that is."""
        called = self.functions.invoke(FunctionName=FUNCTION, Qualifier="live", Payload=json.dumps({"name": "Ada"}))
        told = json.load(called["Payload"])
        return f"“{told['greeting']}” of version {told['version']}"

    def is_deployed(self) -> bool:
        """Tell whether an earlier push is live."""
        names = self.functions.get_paginator("list_functions").paginate()
        return any(each["FunctionName"] == FUNCTION for page in names for each in page["Functions"])

    def wait_for_others(self) -> None:
        """Let runs come to their ends that a story began which was cut off. Raises ExecutionTimeoutError."""
        pages = self.states.get_paginator("list_executions")
        running = pages.paginate(stateMachineArn=self.outputs["state_machine_arn"], statusFilter="RUNNING")
        for arn in [each["executionArn"] for page in running for each in page["executions"]]:
            with self.console.status("an earlier push is still on its way"):
                wait_for_end(self.states, arn, RUN_SECONDS)

    def print_told(self, commit: str) -> None:
        """Print what the team was told of a commit, and what stands beside it. Raises StoryError if that is nothing."""
        mail = self.inbox.wait_for(commit)
        if mail is None:
            raise StoryError(f"nobody was told of commit {commit}: see the machine's last states and its topic")
        self.console.print(f"  ✉ [bold]{mail.subject}[/]")
        lines = mail.message.splitlines()
        shown = [line for line in lines if not line.startswith(LEFT_OUT)]
        for line in shown:
            self.console.print(f"    {line}", markup=False)
        self.console.print(f"    … and {len(lines) - len(shown)} more: where logs, findings and reports are")
        self.console.print(f"  ✎ beside the commit: {self.comment(commit)}, and why", markup=False)

    def comment(self, commit: str) -> str:
        """Return the first line of what stands beside a commit. Raises StoryError when that is nothing."""
        found = self.codecommit.get_comments_for_compared_commit(
            repositoryName=self.outputs["repository"], afterCommitId=commit
        )["commentsForComparedCommitData"]
        contents = [comment["content"] for place in found for comment in place["comments"]]
        if not contents:
            raise StoryError(f"nothing stands beside commit {commit}: see the machine's last states")
        return str(contents[0].splitlines()[0])


def tell(deployment: Deployment, console: Console) -> None:
    """Push a good change, a secret, and a change that does harm; print what becomes of them.

    Raises StoryError when a run ends as it should not or nobody is told, ExecutionTimeoutError when one does not end,
    GitError when there is nothing to push to.
    """
    console.rule("[bold]GitOps pipeline: CodeCommit → CodeBuild → Terraform → Lambda")
    outputs = deployment.outputs["gitops_pipeline"]
    settings = Parameter(deployment, outputs["settings_parameter"])
    with (
        tempfile.TemporaryDirectory() as folder,
        Inbox(deployment, outputs["topic_arn"]) as inbox,
        settings.changed(canary=CANARY),
    ):
        story = Story(deployment, console, inbox, Path(folder))
        story.wait_for_others()
        if not story.is_deployed():
            _first(story, console)
        _good(story, console)
        _secret(story, console)
        commit = _harmful(story, console)
    _print_further(console, story.outputs, commit)


def _first(story: Story, console: Console) -> None:
    console.print("\n[bold]The first push[/]: a small repository like this one, with a foundation of its own to lay.")
    console.print(
        "  Its apply takes some 75 s, most of which Terraform waits for a queue and a bucket; later ones do not."
    )
    story.push(sample_repository.unchanged(), "Succeeded")


def _good(story: Story, console: Console) -> None:
    version = story.sample.version + 1
    console.print(f"\n[bold]A good push[/], version {version}: its share of the calls grows, as long as no alarm rings")
    commit = story.push(sample_repository.next_version(), "Succeeded")
    story.print_told(commit)
    console.print(f"  live: {story.answer()}")


def _secret(story: Story, console: Console) -> None:
    console.print("\n[bold]A push with an access key in it[/]: nothing is built of it")
    story.print_told(story.push(sample_repository.plant_secret(), "Rejected"))


def _harmful(story: Story, console: Console) -> str:
    good = story.answer()
    console.print(
        "\n[bold]A push of values that greet nobody by name[/]: no scan sees that and no alarm, but the smoke test does"
    )
    commit = story.push(sample_repository.fail_smoke_test(), "RolledBack")
    story.print_told(commit)
    if (answer := story.answer()) != good:
        raise StoryError(f"{answer} is live, and {good} should be again: see the log of the function roll_back")
    console.print(f"  live, as before: {good}")
    return commit


def _print_further(console: Console, outputs: dict[str, Any], commit: str) -> None:
    console.print("\n[bold]Look further[/]: the repository is a real one, and pushes of yours are deployed, too")
    for command in (
        f"git clone {outputs['clone_url']} sample && git -C sample show {commit[:12]}",
        "make demo WORKFLOW=gitops_pipeline   # once more, without the first push",
    ):
        console.print(f"  {command}", markup=False)
    what = f"bucket {outputs['bucket']} (runs/, reports/), table {outputs['ledger_table']}, functions {PREFIX}*"
    console.print(f"  {what}", markup=False)
