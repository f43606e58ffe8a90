from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from chapbook.magics import connection, missing
from chapbook.magics.client import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.extension.magics.conftest import Shell

SKLEARN = {"module": "sklearn", "place": "famous", "advice": "add scikit-learn", "told": "`scikit-learn` brings it"}


class KnowingEngine:
    """Knows one module, and remembers what it was asked."""

    def __init__(self, data: object = SKLEARN) -> None:
        self.data = data
        self.asked: list[Any] = []

    def request(self, method: str, params: Any, *, patience: float) -> SimpleNamespace:
        assert "run" == method
        assert patience > 0
        self.asked.append(params["argv"][1])
        return SimpleNamespace(data=self.data)

    def stop(self) -> None:
        """Do nothing."""


@pytest.fixture
def watched(shell: Shell) -> Iterator[Shell]:
    missing.register(shell)
    yield shell
    missing.unregister(shell)


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> KnowingEngine:
    engine = KnowingEngine()
    monkeypatch.setattr(connection, "_engine", engine)
    return engine


def run(shell: Shell, capsys: pytest.CaptureFixture[str], source: str) -> str:
    capsys.readouterr()
    shell.run_cell(source, store_history=True)
    return capsys.readouterr().out


LINE = "%poetry add scikit-learn  # `scikit-learn` brings it"


def test_the_line_stands_below_the_whole_traceback(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    text = run(watched, capsys, "from sklearn.linear_model import Ridge")
    assert LINE == text.splitlines()[-1]
    assert "ModuleNotFoundError" in text
    assert ["sklearn"] == knowing.asked


def test_it_is_told_once_until_the_environment_changes(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert LINE in run(watched, capsys, "import sklearn")
    assert LINE not in run(watched, capsys, "import sklearn")
    missing.forget(watched)
    assert LINE in run(watched, capsys, "import sklearn")
    assert ["sklearn", "sklearn"] == knowing.asked


@pytest.mark.parametrize(
    "source",
    [
        "1 / 0",
        "from json import nothing",
        "import json.nothing",
        "raise ModuleNotFoundError",
        "try:\n    import sklearn\nexcept ImportError:\n    pass",
        "fine = 1",
    ],
)
def test_nothing_is_asked_about_anything_else(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    run(watched, capsys, source)
    assert [] == knowing.asked


def test_a_part_of_a_namespace_is_asked_for_by_its_whole_name(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "spacious").mkdir()
    run(watched, capsys, f"import sys; sys.path.append({str(tmp_path)!r}); import spacious.more")
    sys.path.remove(str(tmp_path))
    assert ["spacious.more"] == knowing.asked


def test_other_hooks_and_tracebacks_stay(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = []

    def other(result: object) -> None:
        heard.append(result)

    def custom(_shell: object, kind: type, _value: object, _traceback: object, **_: object) -> None:
        sys.stdout.write(f"my own traceback of {kind.__name__}\n")

    watched.events.register("post_run_cell", other)
    watched.set_custom_exc((ModuleNotFoundError,), custom)
    try:
        text = run(watched, capsys, "import sklearn")
    finally:
        watched.set_custom_exc((), None)
        watched.events.unregister("post_run_cell", other)
    assert ["my own traceback of ModuleNotFoundError", LINE] == text.splitlines()
    assert 1 == len(heard)
    assert knowing.asked


def test_an_engine_that_fails_changes_nothing(
    watched: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = KnowingEngine()
    monkeypatch.setattr(broken, "asked", None)
    monkeypatch.setattr(connection, "_engine", broken)
    assert "AttributeError" not in run(watched, capsys, "import sklearn")
    monkeypatch.setattr(connection, "_engine", KnowingEngine(None))
    assert "%poetry" not in run(watched, capsys, "import sklearn")


def test_registering_twice_tells_once(
    watched: Shell, knowing: KnowingEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    missing.register(watched)
    assert 1 == run(watched, capsys, "import sklearn").count(LINE)
    missing.unregister(watched)
    assert LINE not in run(watched, capsys, "import sklearn")
    assert ["sklearn"] == knowing.asked


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"place": "project", "told": "it is a module of this project"}, ""),
        ({"place": "installed", "advice": None, "told": "restart, or `chapbook sync`"}, "restart, or `%poetry sync`"),
        ({"place": "unknown", "told": "not known"}, "not known; when you know its name: %poetry add NAME"),
    ],
)
def test_what_is_known_is_worded_for_a_cell(data: dict[str, Any], expected: str) -> None:
    assert expected == missing.line_of(data)


def test_the_real_engine_answers(
    watched: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(sys.executable)
    monkeypatch.setattr(connection, "_engine", engine)
    try:
        text = run(watched, capsys, "import skimage")
        more = run(watched, capsys, "import reqeusts")
    finally:
        started = engine._process
        engine.stop()
        if started is not None and started._errors is not None:
            started._errors.close()
    assert "%poetry add scikit-image  # `scikit-image` brings `skimage`" == text.splitlines()[-1]
    assert "which package brings `reqeusts` is not known" in more
