from __future__ import annotations

import re
from pathlib import Path

import pytest

import chapbook_core
from chapbook_core.pattern import compile_ahead, late_pattern


def test_a_late_pattern_finds_what_the_compiled_one_finds() -> None:
    late = late_pattern(r"(?P<name>a+)b", re.IGNORECASE)
    found = late.fullmatch("AAb")
    assert found is not None
    assert found["name"] == "AA"
    assert late.sub("x", "-ab-aaB") == "-x-x"
    assert late.pattern == r"(?P<name>a+)b"
    assert late.flags & re.IGNORECASE


def test_a_late_pattern_of_bytes_reads_bytes() -> None:
    assert late_pattern(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_a_mistake_in_a_late_pattern_is_told_by_its_first_use() -> None:
    late = late_pattern("(")
    with pytest.raises(re.error):
        late.match("(")


def test_a_late_pattern_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    late = late_pattern("a")
    assert late.match("a")

    def compiled_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(re, "compile", compiled_again)
    assert late.match("a")


def test_a_pattern_that_was_compiled_ahead_is_compiled_by_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    mistaken = late_pattern("(")
    late = late_pattern("a")
    compile_ahead()

    def compiled_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(re, "compile", compiled_again)
    assert late.match("a")
    assert late.sub("b", "a") == "b"
    with pytest.raises(AssertionError):
        mistaken.match("(")


def test_no_module_compiles_a_pattern_while_it_is_imported() -> None:
    core = Path(chapbook_core.__file__).parent
    # The hook runs in the environments of others, where nothing of ours is.
    files = [path for path in core.rglob("*.py") if "hook" not in path.parts and path.name != "pattern.py"]
    assert [path.name for path in files if "re.compile(" in path.read_text("utf-8")] == []
