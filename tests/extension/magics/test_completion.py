from __future__ import annotations

import time
from typing import TYPE_CHECKING

import IPython
import pytest
from IPython.core.completer import provisionalcompleter

from chapbook.magics import completion

if TYPE_CHECKING:
    from tests.extension.magics.conftest import Shell


def completed(shell: Shell, source: str) -> list[str]:
    """Complete at the end, as kernels do."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(source, len(source)))
    return [source[: one.start] + one.text for one in found]


@pytest.mark.parametrize(
    ("source", "offers"),
    [
        ("%poetry a", ["%poetry add"]),
        ("%poetry add pan", ["%poetry add pandas", "%poetry add pandas==2.1", "%poetry add pandas==2.2"]),
        ("%poetry add pandas==2", ["%poetry add pandas==2.1", "%poetry add pandas==2.2"]),
        ("%poetry add --gr", ["%poetry add --group"]),
        ("done = %poetry rem", ["done = %poetry remove"]),
        ("%%poetry\n# first\nrem", ["%%poetry\n# first\nremove"]),
        ("%%poetry\nadd x\nremove pandas==2.2", ["%%poetry\nadd x\nremove pandas==2.2"]),
        ("%%poetry --gr", ["%%poetry --group"]),
        ("x = 1\n%poetry rem", ["x = 1\n%poetry remove"]),
    ],
)
def test_words_of_the_engine_are_offered_behind_the_magic_and_in_its_cells(
    shell: Shell, source: str, offers: list[str]
) -> None:
    assert completed(shell, source) == offers


@pytest.mark.parametrize("source", ["remov", "poetry_like rem", "%poetryrem", "x = 'poetry'\nrem", "%%time\nrem"])
def test_elsewhere_python_is_completed(shell: Shell, source: str) -> None:
    shell.user_ns["removal"] = 1
    assert not any(text.endswith("remove") for text in completed(shell, source))


def test_nobody_waits_for_an_engine_that_does_not_start(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALLED", "1")
    monkeypatch.setattr(completion, "PATIENCE", 0.1)
    began = time.monotonic()
    completed(shell, "%poetry zz")
    assert time.monotonic() - began < 20


def test_older_releases_of_ipython_ask_through_their_hook(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    completion.unregister(shell)
    monkeypatch.setattr(IPython, "version_info", (7, 34, 0, ""))
    completion.register(shell)
    assert completed(shell, "%poetry add pandas==2") == ["%poetry add pandas==2.1", "%poetry add pandas==2.2"]
    assert completed(shell, "%%poetry --gr") == ["%%poetry --group"]


def test_what_is_taken_back_offers_nothing(shell: Shell) -> None:
    completion.unregister(shell)
    assert not any(text.endswith("remove") for text in completed(shell, "%poetry rem"))
