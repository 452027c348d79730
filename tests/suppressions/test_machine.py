"""Run the state machine of consent a few times; `make consent` runs it 500 times, with 50 steps each."""

from __future__ import annotations

from tests.suppressions.machine import run_machine


def test_no_random_step_loses_an_opt_out() -> None:
    """The generated steps are the same each time (`derandomize`)."""
    run_machine(6, 15)
