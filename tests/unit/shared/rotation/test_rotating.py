"""A rotation's steps: in order they replace a value; cut off, repeated or mixed with others' they do no harm."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.rotation.errors import NoFirstValue, NotMade, NotPending, UnknownStep, Unusable
from shared.rotation.rotating import CURRENT, FIRST_VERSION, PENDING, Rotation
from tests.unit.shared.rotation.secret import CutOff, Refused, Secret, Values

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def begun(**issuer: Any) -> tuple[Secret, Values, Rotation]:
    secret, values = Secret(), Values(**issuer)
    rotation = Rotation(secret, values)
    rotation.begin()
    return secret, values, rotation


def rotate(secret: Secret, rotation: Rotation, token: str) -> None:
    version = secret.rotate(token)
    for step in STEPS:
        rotation.step(step, version)


def test_the_first_value_is_made_and_proven_once() -> None:
    secret, values, rotation = begun()
    rotation.begin()
    assert secret.current == "value-1"
    assert values.proven == {"value-1"}
    assert len(secret.values) == 1


def test_a_first_value_that_is_no_good_is_not_put() -> None:
    secret, values = Secret(), Values(bad="value")
    with pytest.raises(Unusable):
        Rotation(secret, values).begin()
    assert not secret.values


def test_a_rotation_may_be_set_up_before_people_put_the_first_value() -> None:
    secret, values, rotation = begun(starts=False)
    version = secret.rotate("token")
    rotation.step("testSecret", version)
    with pytest.raises(NotMade):
        rotation.step("finishSecret", version)
    assert not values.proven


def test_a_rotation_replaces_the_value_in_its_last_step() -> None:
    secret, values, rotation = begun()
    version = secret.rotate("token")
    for step in STEPS[:3]:
        rotation.step(step, version)
        assert secret.current == "value-1"
    rotation.step("finishSecret", version)
    assert secret.current == "value-2 after value-1 for token"
    assert secret.previous == "value-1"
    assert values.told == [secret.current]
    assert values.followed == [FIRST_VERSION], "an issuer knows what has to work on"
    assert secret.current in values.proven
    assert PENDING not in secret.labels


def test_a_value_outlives_one_rotation_and_not_two() -> None:
    secret, _, rotation = begun()
    rotate(secret, rotation, "one")
    assert secret.previous == "value-1"
    rotate(secret, rotation, "two")
    assert secret.previous
    assert secret.previous.startswith("value-2")


def test_a_value_that_is_no_good_gives_way_to_the_next_rotation() -> None:
    secret, values, rotation = begun()
    values.bad = "one"
    with pytest.raises(Unusable):
        rotate(secret, rotation, "one")
    assert secret.current == "value-1"
    with pytest.raises(NotPending):  # Secrets Manager tries the same token again
        rotation.step("createSecret", "one")
    rotate(secret, rotation, "two")
    assert secret.current == "value-3 after value-1 for two"


def test_a_rotation_that_was_overtaken_by_hand_ends() -> None:
    secret, _, rotation = begun()
    version = secret.rotate("token")
    rotation.step("createSecret", version)
    secret.by_hand("hand", "made by hand")
    for step in STEPS:
        with pytest.raises(NotPending):
            rotation.step(step, version)
    assert secret.current == "made by hand"


def test_a_value_that_nobody_made_goes_nowhere() -> None:
    secret, _, rotation = begun()
    version = secret.rotate("token")
    for step in STEPS[1:]:
        with pytest.raises(NotMade):
            rotation.step(step, version)
    assert secret.current == "value-1"


def test_where_people_put_the_first_value_none_follows_before() -> None:
    secret, _, rotation = begun(starts=False)
    assert secret.current is None
    version = secret.rotate("token")
    with pytest.raises(NoFirstValue):
        rotation.step("createSecret", version)
    secret.by_hand("hand", "made by hand")
    rotate(secret, rotation, "next")
    assert secret.current == "value-1 after made for next"


def test_what_a_cancelled_rotation_left_is_cleared() -> None:
    secret, _, rotation = begun()
    rotation.step("createSecret", secret.rotate("cancelled"))
    rotation.begin()
    assert PENDING not in secret.labels
    rotate(secret, rotation, "next")
    assert secret.current == "value-3 after value-1 for next"


def test_a_value_that_somebody_put_aside_is_proven_and_becomes_the_first() -> None:
    secret, _, rotation = begun(starts=False)
    secret.put("token", "put aside", PENDING)
    rotate(secret, rotation, "token")
    assert (secret.current, secret.previous) == ("put aside", None)


def test_an_unknown_step_is_refused() -> None:
    secret, _, rotation = begun()
    with pytest.raises(UnknownStep, match="sellSecret"):
        rotation.step("sellSecret", secret.rotate("token"))


@given(st.lists(st.sampled_from(STEPS), max_size=20))
def test_steps_in_any_order_and_number_make_one_value_for_a_token(steps: list[str]) -> None:
    secret, values, rotation = begun()
    version, seen = secret.rotate("token"), set()
    for step in (*steps, *STEPS, *steps):
        with suppress(NotMade):
            rotation.step(step, version)
        seen |= {secret.values.get("token", "")}
    assert seen - {""} == {secret.current}
    assert secret.previous == "value-1"
    assert values.issued == 2
    assert PENDING not in secret.labels


def calls_of_a_rotation() -> int:
    secret, _, rotation = begun()
    secret.calls = 0
    rotate(secret, rotation, "token")
    return secret.calls


@pytest.mark.parametrize("after_it", [False, True])
@pytest.mark.parametrize("call", range(1, calls_of_a_rotation() + 1))
def test_cut_off_at_any_call_a_rotation_is_finished_by_the_next_attempt(call: int, after_it: bool) -> None:
    secret, values, rotation = begun()
    secret.calls, secret.cut_off_at, secret.after_it = 0, call, after_it
    with pytest.raises(CutOff):
        rotate(secret, rotation, "token")
    secret.cut_off_at = -1
    assert secret.current is not None
    rotate(secret, rotation, "token")
    assert secret.current == secret.values["token"]
    assert secret.current in values.proven
    assert secret.previous == "value-1"
    assert PENDING not in secret.labels


class Rotations(RuleBasedStateMachine):
    """Rotations that overtake each other, are cut off, fail, and are overtaken by people."""

    def __init__(self) -> None:
        super().__init__()
        self.secret, self.values, self.rotation = begun()
        self.tokens = 0
        self.known: list[str] = []
        self.kept: dict[str, str] = {}
        self.hand_made: set[str] = {"value-1"}

    def _attempt(self, step: str, version: str) -> None:
        with suppress(CutOff, NotMade, NotPending, Refused, Unusable):
            self.rotation.step(step, version)

    @rule()
    def start(self) -> None:
        self.tokens += 1
        self.known.append(self.secret.rotate(f"token-{self.tokens}"))

    @precondition(lambda self: self.known)
    @rule(step=st.sampled_from(STEPS), which=st.integers(0, 50), call=st.integers(0, 6), after_it=st.booleans())
    def step(self, step: str, which: int, call: int, after_it: bool) -> None:
        """Do a step of any rotation so far, perhaps cut off at a call."""
        self.secret.calls, self.secret.cut_off_at, self.secret.after_it = 0, call, after_it
        self._attempt(step, self.known[which % len(self.known)])
        self.secret.cut_off_at = -1

    @rule(quality=st.sampled_from(["never", "token"]))
    def become(self, quality: str) -> None:
        """Let the values be good or bad from now on."""
        self.values.bad = quality

    @rule()
    def put_by_hand(self) -> None:
        self.tokens += 1
        value = f"by hand {self.tokens}"
        self.secret.by_hand(f"hand-{self.tokens}", value)
        self.hand_made.add(value)

    @rule()
    def clear(self) -> None:
        with suppress(CutOff):
            self.rotation.begin()

    @invariant()
    def what_is_current_was_proven(self) -> None:
        assert self.secret.current in self.values.proven | self.hand_made

    @invariant()
    def a_version_keeps_its_value(self) -> None:
        assert self.kept.items() <= self.secret.values.items()
        self.kept = dict(self.secret.values)

    @invariant()
    def what_was_current_last_can_still_be_read(self) -> None:
        if len(set(self.secret.ever_current)) > 1:
            last = [version for version in self.secret.ever_current if version != self.secret.labels[CURRENT]][-1]
            assert self.secret.previous == self.secret.values[last]

    def teardown(self) -> None:
        """Whatever happened, good values rotate again: at most one attempt has to clear the way."""
        self.values.bad = "never"
        for token in ("way-out-1", "way-out-2"):
            version = self.secret.rotate(token)
            for step in STEPS:
                self._attempt(step, version)
        assert self.secret.labels[CURRENT] == "way-out-2"
        assert self.secret.current in self.values.proven


TestRotations = Rotations.TestCase
