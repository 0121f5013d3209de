"""What the rules judge: facts about a deployed environment, as the adapters found them.

Times are seconds since the epoch, durations are in milliseconds unless the name says otherwise; None is "not known".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.policies import Policy

FULL_CORE_MB = 1769  # https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html


@dataclass(frozen=True)
class Line:
    """One line of a log: when it was written, what it says and where it stands."""

    at: float
    text: str
    where: str


@dataclass(frozen=True)
class Call:
    """A call to another service within an invocation: `duration_ms` is None if it had not ended when that ended.

    `inferred`: that it had not ended is only concluded, from nothing having been recorded after it.
    """

    name: str
    started: float
    duration_ms: float | None
    where: str
    inferred: bool = False


@dataclass(frozen=True)
class Invocation:
    """One run of a function, from its REPORT line and what was recorded about it.

    `status` is success, error or timeout; `init_ms` is None for a warm start. `calls` is None when nothing recorded
    calls, `cpu_ms` when nothing recorded the processor's time.
    """

    request_id: str
    at: float
    duration_ms: float
    status: str
    report: Line
    init_ms: float | None = None
    memory_mb: int = 128
    peak_mb: int = 0
    trace_id: str = ""
    error_type: str = ""
    lines: tuple[Line, ...] = ()
    calls: tuple[Call, ...] | None = None
    cpu_ms: float | None = None


@dataclass(frozen=True)
class Caller:
    """Who waits for a function, and how long at most."""

    name: str
    limit_seconds: float
    why: str


@dataclass(frozen=True)
class Function:
    """A function's settings, and its invocations in the window, oldest first."""

    name: str
    arn: str
    role_arn: str
    timeout_seconds: int
    memory_mb: int
    in_network: bool = False
    updated: float = 0.0
    reserved_concurrency: int | None = None
    throttles: int = 0
    callers: tuple[Caller, ...] = ()
    invocations: tuple[Invocation, ...] = ()

    @property
    def cores(self) -> float:
        """How much of a processor its memory buys: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html."""
        return self.memory_mb / FULL_CORE_MB


@dataclass(frozen=True)
class Denial:
    """A refusal that somebody logged or a service reported.

    `symptom` is the id of what failed by it; `role_arn` who acts where the message does not say.
    `context` holds the condition keys that are known, in small letters.
    """

    message: str
    where: str
    symptom: str
    role_arn: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    """A role with all that limits it: its own policies, and its permissions boundary."""

    arn: str
    policies: tuple[Policy, ...]
    boundary: Policy | None = None
    trust: Policy | None = None

    @property
    def name(self) -> str:
        """Its name in IAM."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Access:
    """Who may do what: roles by name; the policies of resources (queues, buckets, keys, aliases) by ARN."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    resources: Mapping[str, Policy] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One failed attempt of a state: which error, its cause's text and the event that says so."""

    state: str
    error: str
    cause: str
    at: float
    event: int


@dataclass(frozen=True)
class Execution:
    """One execution in the window, with what its history shows.

    `visits` counts how often each state was entered; `transitions` what Standard workflows are billed by.
    """

    arn: str
    status: str
    started: float
    attempts: tuple[Attempt, ...] = ()
    visits: Mapping[str, int] = field(default_factory=dict)
    transitions: int = 0
    complete: bool = True  # false when the history was longer than the doctor reads


@dataclass(frozen=True)
class StateMachine:
    """A machine, its definition and its executions in the window."""

    name: str
    arn: str
    definition: dict[str, Any]
    executions: tuple[Execution, ...] = ()
    standard: bool = True
    updated: float = 0.0


@dataclass(frozen=True)
class Target:
    """What a rule, a schedule or a notification starts.

    `exists` is None when nothing tells. `failure_queue` is the ARN of the queue for what could not be delivered.
    """

    arn: str
    exists: bool | None = None
    role_arn: str = ""
    failure_queue: str = ""
    failure_queue_exists: bool | None = None


@dataclass(frozen=True)
class Arrival:
    """An object that came in the window, and whether the trigger's filter lets it pass."""

    key: str
    event: str
    passes: bool


@dataclass(frozen=True)
class Trigger:
    """One chain from an event to a target, each link as it is configured.

    `kind` is rule, schedule, notification or mapping. `source_on` tells whether the source sends its events at all (for
    a bucket: its notifications to EventBridge; for a mapping: its queue or stream exists). `filter` is the pattern as
    text; `literals` are the prefixes and suffixes of object keys in it. `problem` is what the service itself says.
    `sender_arn` is what the service sends as aws:SourceArn, where that is not `arn`.
    """

    kind: str
    name: str
    arn: str
    source: str
    source_service: str
    enabled: bool
    where: str
    targets: tuple[Target, ...] = ()
    source_on: bool = True
    filter: str = ""
    literals: tuple[str, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    problem: str = ""
    undelivered: tuple[Line, ...] = ()
    sender_arn: str = ""


@dataclass(frozen=True)
class ApiCall:
    """One line of an API's access log; an empty text is a value that the call has not."""

    request_id: str
    at: float
    status: int
    method: str
    route: str
    line: Line
    error: str = ""
    integration_status: str = ""
    integration_ms: float | None = None
    latency_ms: float | None = None
    trace_id: str = ""


@dataclass(frozen=True)
class Route:
    """A method and path of an API, and what it calls."""

    method: str
    path: str
    function_arn: str
    source_arn: str
    limit_ms: int = 29_000
    function_exists: bool | None = None


@dataclass(frozen=True)
class Api:
    """A REST API's stage: its routes, its throttling and the calls in the window."""

    name: str
    stage: str
    where: str
    routes: tuple[Route, ...] = ()
    calls: tuple[ApiCall, ...] = ()
    requests_per_second: float | None = None
    burst: int | None = None


@dataclass(frozen=True)
class Environment:
    """All the facts about one environment; `unread` says what could not be looked at, one sentence each."""

    name: str
    functions: tuple[Function, ...] = ()
    machines: tuple[StateMachine, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    apis: tuple[Api, ...] = ()
    denials: tuple[Denial, ...] = ()
    access: Access = field(default_factory=Access)
    unread: tuple[str, ...] = ()
