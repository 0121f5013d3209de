"""The ways in which a run may fail; the class names are a contract with the state machine and with operators."""


class UnexpectedEvent(Exception):
    """The event is not a change of a reference in a CodeCommit repository."""


class BadRules(Exception):
    """The pipeline's settings cannot be used; the sentence says why."""


class LockLost(Exception):
    """Another run has the branch's lock: this one may not change anything any more."""


class ScanNotRun(Exception):
    """A scan's build did not come to an end, for a reason that is not the commit's."""


class UnreadableReport(Exception):
    """A scan's report is missing, is not what reports look like, or is of another run."""


class BadManifest(Exception):
    """The manifest is not signed by the build, is another run's, or an artifact is not the one it names."""


class NoAlarms(Exception):
    """No alarm has the prefix: nobody would judge the canary."""


class RollBackIncomplete(Exception):
    """At least one alias could not be put back; the sentence names them."""
