"""Choice states: the state's own Output applies when no rule matches."""

from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions.scope import Context, State
from scripts.local_engine.patching import wrap


def execute_choice(original: Any, state_def: State, raw_input: Any, ctx: Context) -> tuple[Any, str]:
    """Follow a Choice; on the way to Default the state's Output makes the output.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    Engine: passed the input on, whatever Output said.
    """
    output = None
    if engine._state_query_language(state_def, ctx) == "JSONata" and "Output" in state_def:
        rules = state_def["Choices"]
        if not any(engine._evaluate_jsonata_choice_rule(rule, raw_input, ctx) for rule in rules):
            output = (engine._apply_jsonata_output(state_def, raw_input, ctx),)  # before Assign changes variables
    passed_on, following = original(state_def, raw_input, ctx)
    return output[0] if output else passed_on, following


def apply() -> None:
    """Mend Choice states."""
    wrap(engine, "_execute_choice")(execute_choice)
