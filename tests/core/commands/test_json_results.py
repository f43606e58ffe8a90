"""What commands tell programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PROJECT = """\
[project]
name = "here"
version = "1.0.0"
requires-python = ">=3.9"
dependencies = ["a"]
[[tool.poetry.source]]
name = "mine"
url = "https://me:secret@example.org/simple"
priority = "explicit"
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lock --dry-run", '"is_written": false'),
        ("search a", '"name": "a"'),
        ("source show mine", '"url": "https://example.org/simple"'),
        ("version minor --dry-run", '"version": "1.1.0"'),
        ("cache info", '"holdings": ['),
        ("env use system", '"made": true'),
    ],
)
def test_a_program_reads_the_result_as_json(
    connected: Path, index: FakeIndex, chapbook: Chapbook, line: str, told: str
) -> None:
    index.serve("a", "1.0")
    (connected / "pyproject.toml").write_text(PROJECT, "utf-8")
    outcome = chapbook(*line.split(), "--format", "json")
    assert 0 == outcome.status, outcome.err
    assert json.loads(outcome.out)
    assert told in outcome.out
    assert "secret" not in outcome.out
