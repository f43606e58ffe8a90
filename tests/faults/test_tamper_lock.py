"""Locks that somebody has tampered with, some of them; `tamper_lock` tries all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.tamper_lock import READING, refusals, run_tamperings

EXPECTED = {
    "all packages": "the lock holds no `one` as the project requires it",
    "dependency": "the lock holds no `shared` as `made` requires it",
    "no hash": "the lock has no hash that proves `two-1.0-py3-none-any.whl` to be a file of `two` 1.0: none",
    "no name": "no file of `two` 1.0 can be installed here: `../../two-1.0-py3-none-any.whl` is not a name",
    "longer hash": "the lock has no hash that proves `two-1.0-py3-none-any.whl` to be a file of `two` 1.0: `sha256:",
    "other file": "the lock gives `tool-1.0-py3-none-any.whl` as a file of `two` 1.0, and it is `tool` 1.0",
    "version": "the lock gives `two-1.0-py3-none-any.whl` as a file of `two` 9.0, and it is `two` 1.0",
    "weak hash": "the lock has no hash that proves `two-1.0-py3-none-any.whl` to be a file of `two` 1.0: `md5:",
    "wrong hash": "`two-1.0-py3-none-any.whl` of `two` 1.0 is not what was locked: the lock has sha256:",
}


def test_whatever_reads_a_spoilt_lock_says_what_is_wrong_or_does_as_if_nothing_was() -> None:
    tally = run_tamperings(step=41, first=7, commands=(*READING[:3], READING[5], READING[7], ("lock",)))
    assert [] == tally.wrong
    assert tally.tried > 50


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    return refusals(Path(tmp_path_factory.mktemp("refusals")))


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_is_installed_that_was_not_locked(name: str, found: dict[str, tuple[int, str]]) -> None:
    status, told = found[name]
    assert 1 == status
    assert told.startswith(f"error: {EXPECTED[name]}")
