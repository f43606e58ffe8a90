"""Which format a file is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.commands.import_formats.detection import format_of

DATA = Path(__file__).parents[3] / "data" / "imports"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        *((file.name, None, name) for file, name in [
            (DATA / "pinned.txt", "requirements.txt"),
            (DATA / "Pipfile", "Pipfile"),
            (DATA / "Pipfile.lock", "Pipfile.lock"),
            (DATA / "environment.yml", "environment.yml"),
            (DATA / "uv.lock", "uv.lock"),
            (DATA / "pylock.toml", "pylock.toml"),
            (DATA / "poetry.lock", "poetry.lock"),
            (DATA / "cells.ipynb", "notebook"),
            (DATA / "script.py", "script"),
        ]),
        ("pylock.dev.toml", "", "pylock.toml"),
        ("dev-constraints.txt", "", "constraints.txt"),
        ("needs.in", "", "requirements.txt"),
        ("pyproject.toml", "[project]\n", None),
        ("whatever", "\x7fELF", None),
        ("whatever", "Dear reader, this is a letter.\n", None),
    ],
)  # fmt: skip
def test_a_format_is_known_by_name_or_by_what_is_in_it(name: str, text: str | None, expected: str | None) -> None:
    if text is None:
        content = (DATA / name).read_text("utf-8")
        assert expected == format_of(name, content)
        assert expected == format_of("whatever", content)
    else:
        assert expected == format_of(name, text)
