"""The notifications' story: news reach Slack and Teams once, whatever happens, and a storm becomes one digest."""

import json
import time
import uuid
from collections.abc import Callable

from rich.console import Console
from rich.panel import Panel

from scripts.chat.connecting import REMEMBERED_SECONDS, connected, settings_of
from scripts.chat.server import Chat, Post, Trouble
from scripts.deployment import Deployment
from scripts.rotation import RotatedSecret
from scripts.stage import StoryError

STORM, STORM_LIMIT, STORM_SECONDS = 40, 3, 8
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.2
BOTH = ["operations", "engineering"]
SOURCE = "volume_cleanup"  # in whose name everything is said here; what else happens meanwhile is left out
NOBODY = {"name": "rest", "channels": []}
ALARMS = [{"name": "alarms", "kinds": ["alarm"], "channels": BOTH}, NOBODY]
ROUTES = [
    {"name": "storms", "sources": [SOURCE], "kinds": ["other"], "channels": ["operations"]},
    {"name": "own", "sources": [SOURCE], "channels": BOTH},
    NOBODY,
]


def tell(deployment: Deployment, console: Console) -> None:
    """Send news and print what the channels got. Raises StoryError when something does not arrive."""
    console.rule("[bold]Notifications: alarms, workflows and events → SQS → Lambda → Slack and Microsoft Teams")
    console.print("\nSlack and Teams are played by a server on this machine; its addresses go into the secret.")
    with connected(deployment, routes=ALARMS, storm={"limit": 100, "seconds": 60}) as chat:
        _alarm(deployment, chat, console)
        _go_by(deployment, routes=ROUTES, duplicate_seconds=300)
        report = _trouble(deployment, chat, console)
        _secret(deployment, chat, console)
        _rotation(deployment, chat, console)
        _storm(deployment, chat, console)
        if any(len(_mentioning(chat, channel, report)) != 1 for channel in BOTH):
            raise StoryError("a report that came twice was told twice")
        if chat.complaints:
            raise StoryError(f"Slack or Teams would have refused something: {chat.complaints[0]}")
    _look_further(deployment, console)


def _go_by(deployment: Deployment, **changes: object) -> None:
    """Change settings, and wait until they count; `connected` puts them back."""
    settings = settings_of(deployment)
    settings.write(settings.read() | changes)
    time.sleep(REMEMBERED_SECONDS)


def _alarm(deployment: Deployment, chat: Chat, console: Console) -> None:
    """Let an alarm fire: CloudWatch, its topic, the outbox, both channels."""
    alarm = f"{deployment.outputs['foundation']['name']}-notifications-failures"
    reason = f"tried out {uuid.uuid4().hex[:8]}"
    cloudwatch = deployment.client("cloudwatch")
    console.print(f"\n[bold]An alarm fires[/]: {alarm}", markup=True)
    for state in ("OK", "ALARM"):  # the story before may have left it firing, and then nothing would change
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason=f"{reason}: {state}")
    for channel, name in zip(BOTH, ("Slack", "Microsoft Teams"), strict=True):
        _show(_wanted(chat, channel, f"{reason}: ALARM"), name, console)


def _trouble(deployment: Deployment, chat: Chat, console: Console) -> str:
    """Let Slack ask to wait, and Teams break: each gets the news all the same; return what they are known by.

    Raises StoryError.
    """
    chat.trouble("operations", Trouble.BUSY, seconds=2)
    chat.trouble("engineering", Trouble.BROKEN)
    marker = f"Volume clean-up: 2 deleted ({uuid.uuid4().hex[:8]})"
    console.print("\n[bold]A report comes twice[/], while Slack says 429, Retry-After: 2, and Teams says 500")
    for _ in range(2):
        _publish(deployment, marker, "212 seen; 30 GiB, 2.40 USD a month saved\nReport: s3://reports/1.json", "report")
        for channel in BOTH:
            _wanted(chat, channel, marker)
    for channel, least in zip(BOTH, (2, 0), strict=True):
        tries = chat.attempts[channel][-2:]
        later, times = tries[1] - tries[0], len(_mentioning(chat, channel, marker))
        if later < least:
            raise StoryError(f"{channel} asked for {least} s and was left alone for {later:.1f} s")
        console.print(f"  {channel}: told {times} time, {later:.1f} s after it was in trouble")
    return marker


def _secret(deployment: Deployment, chat: Chat, console: Console) -> None:
    """Let somebody say too much."""
    marker = f"Run {uuid.uuid4().hex[:8]} failed"
    token = "gh" + "p_" + "A1b2" * 9
    console.print("\n[bold]Somebody says too much[/], and calls everybody")
    _publish(deployment, marker, f"git push failed with token={token}. <!channel> [click](http://evil)", "failure")
    for channel, name in zip(BOTH, ("Slack", "Microsoft Teams"), strict=True):
        post = _wanted(chat, channel, marker)
        if token in json.dumps(post.message):
            raise StoryError(f"{name} was told a secret")
        _show(post, name, console)


def _rotation(deployment: Deployment, chat: Chat, console: Console) -> None:
    """Replace the channels' addresses; the next news come by the new ones."""
    console.print(
        "\n[bold]The addresses are replaced[/]: Secrets Manager calls a function, step by step; that asks an issuer"
    )
    if not RotatedSecret(deployment, deployment.outputs["notifications"]["webhooks_secret"]).rotate():
        raise StoryError("the addresses were not replaced: see the log of the function keep-notifications-webhooks")
    time.sleep(REMEMBERED_SECONDS)
    marker = f"Backup {uuid.uuid4().hex[:8]} failed"
    _publish(deployment, marker, "The disk is full.", "failure")
    for channel in BOTH:
        old, tried = chat.of(channel)[0].key, [post.key for post in chat.silent if post.channel == channel]
        new = _wanted(chat, channel, marker).key
        if new == old or new not in tried:
            raise StoryError(f"{channel} was told by an address that nobody had tried")
        console.print(f"  {channel}: the new address was tried without a word, then the next news came by it")


def _storm(deployment: Deployment, chat: Chat, console: Console) -> None:
    """Let far more come than anybody can read."""
    run = uuid.uuid4().hex[:8]
    console.print(
        f"\n[bold]A storm[/]: {STORM} messages at once; {STORM_LIMIT} in {STORM_SECONDS} s are told one by one"
    )
    _go_by(deployment, storm={"limit": STORM_LIMIT, "seconds": STORM_SECONDS})
    time.sleep(STORM_SECONDS - time.time() % STORM_SECONDS)  # at a window's beginning, so that it is one storm
    before = len(chat.of("operations"))
    for number in range(STORM):
        _publish(deployment, f"Load {number % 3} of {run} failed", f"attempt {number}", "")
    _wanted(chat, "operations", "more notifications", run)
    told = chat.of("operations")[before:]
    for post in told:
        title = str(post.message["text"])
        console.print(f"  {title}", markup=False)
    _show(told[-1], "Slack", console)


def _publish(deployment: Deployment, subject: str, text: str, kind: str) -> None:
    attributes = {"kind": kind, "recipient": "operators"} if kind else {}
    deployment.client("sns").publish(
        TopicArn=deployment.outputs[SOURCE]["topic_arn"],
        Subject=subject,
        Message=text,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def _wanted(chat: Chat, channel: str, *markers: str) -> Post:
    """Return what a channel took that mentions all of `markers`. Raises StoryError."""
    return _wait(lambda: next(iter(_mentioning(chat, channel, *markers)), None), f"{channel} heard nothing")


def _mentioning(chat: Chat, channel: str, *markers: str) -> list[Post]:
    """Return what a channel took so far that mentions all of `markers`."""
    return [post for post in chat.of(channel) if all(marker in post.text for marker in markers)]


def _wait[T](probe: Callable[[], T | None], complaint: str) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := probe()) is None:
        if time.monotonic() > deadline:
            raise StoryError(f"{complaint} in {PATIENCE_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return found


def _show(post: Post, name: str, console: Console) -> None:
    """Print what people see of a post."""
    console.print(Panel(post.text, title=name, title_align="left", width=110), markup=False)


def _look_further(deployment: Deployment, console: Console) -> None:
    outputs = deployment.outputs["notifications"]
    console.print("\n[bold]Look further[/]")
    console.print("  .venv/bin/python -m scripts.failure_queue --workflow notifications list", markup=False)
    console.print(f"  settings {outputs['settings_parameter']}, addresses {outputs['webhooks_secret']}", markup=False)
