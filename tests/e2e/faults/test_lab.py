"""The five classic faults on the local environment: broken, diagnosed, cured and put back; and no alarm before that."""

import time

import pytest

from scripts.lab.bench import Bench
from scripts.lab.catalogue import VARIANTS
from scripts.lab.course import ASK, LOAD, LOAD_BROKEN, LOAD_WHEN_BUSY, Step, Use, Variant, run
from scripts.local_engine import Engine
from tests.support.applied import Applied


@pytest.fixture(scope="module")
def bench(engine: Engine, local: Applied) -> Bench:
    return Bench(local.deployment, engine.decisions)


@pytest.mark.parametrize("use", [ASK, LOAD, LOAD_BROKEN, LOAD_WHEN_BUSY], ids=lambda use: use.what)
def test_the_doctor_finds_nothing_on_a_healthy_environment(bench: Bench, use: Use) -> None:
    began = time.time()
    assert use.do(bench) == use.well
    assert bench.findings(began) == []


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_fault_is_diagnosed_cured_and_put_back(bench: Bench, variant: Variant) -> None:
    assert [step for step, _ in run(variant, bench)] == list(Step), "or LabError says what went otherwise"
