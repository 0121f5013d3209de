"""Why something is refused: callers of the API get a status and a code, the state machine the class's name."""


class Refusal(Exception):
    """Something a caller of the API asked for is refused; nothing was changed, and the sentence may be shown."""

    status = 400
    code = "refused"


class BadRequest(Refusal):
    """The request's document is not as agreed."""

    code = "bad_request"


class BadForm(Refusal):
    """The decision's form is not as the page sends it."""

    code = "bad_form"


class UnknownCaller(Refusal):
    """The request was not signed by anybody."""

    status, code = 403, "unknown_caller"


class ForgedLink(Refusal):
    """The link's signature is not ours, or older than two secrets."""

    status, code = 403, "forged_link"


class UnknownRequest(Refusal):
    """There is no such request, or it is somebody else's."""

    status, code = 404, "unknown_request"


class UnknownLink(Refusal):
    """There is no such link."""

    status, code = 404, "unknown_link"


class AlreadyDecided(Refusal):
    """The link's approver has decided before, or the request is decided without them."""

    status, code = 409, "already_decided"


class LinkExpired(Refusal):
    """The time for decisions is over."""

    status, code = 410, "expired"


class KeyReused(Refusal):
    """The same Idempotency-Key came with another body."""

    status, code = 422, "idempotency_key_reused"


class BadPolicy(Exception):
    """The policy contradicts itself: a mistake of ours, not of the requester; the sentence says where."""


class BadQuestion(Exception):
    """A pipeline's run asks without something that people have to know; the sentence says what."""


class TooFewApprovers(Exception):
    """Fewer people may approve a deployment than have to, so nobody is asked; the sentence says who could."""


class AnotherPlan(Exception):
    """A run asks about another plan than the one that people were asked about before."""


class NoInstance(Exception):
    """An instance is wanted of a request that asks for none."""


class NotApproved(Exception):
    """Something was to happen that only an approved request allows."""


class WrongOutcome(Exception):
    """The state machine reports an outcome that is not what people decided."""


class ExtensionRefused(Exception):
    """The instance cannot be extended any more: it has ended, or would run longer than the policy allows."""


class InsufficientInstanceCapacity(Exception):
    """AWS has no room for the instance type now; another type may do."""


class LaunchRefused(Exception):
    """AWS refused the launch for a reason that neither waiting nor another type mends."""
