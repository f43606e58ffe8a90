"""The help of each command, letter by letter; CHAPBOOK_WRITE_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chapbook_core.cli import main
from chapbook_core.commands.registry import BY_NAME

FOLDER = Path(__file__).parents[2] / "golden" / "help"


@pytest.mark.parametrize("name", list(BY_NAME))
def test_the_help_reads_as_it_was_approved(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help", "--no-ansi"]) == 0
    text = capsys.readouterr().out
    file = FOLDER / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("CHAPBOOK_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"{file.name} was not approved yet: read it with CHAPBOOK_WRITE_GOLDEN=1"
    assert text == file.read_text(encoding="utf-8")
