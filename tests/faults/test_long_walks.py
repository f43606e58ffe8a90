"""Long sequences of commands, a few of them; `long_walks` does as many as one likes."""

from __future__ import annotations

import sys

from tests.fakes.repositories import needs_git
from tests.faults.long_walks import run_walks


@needs_git
def test_whatever_is_typed_one_after_the_other_leaves_a_project_that_agrees_with_itself() -> None:
    tally = run_walks(2, 20, 7, [sys.executable])
    assert [] == tally.wrong
    assert 40 == tally.steps.total()
