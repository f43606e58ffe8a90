from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import chapbook
from chapbook.magics import connection, welcome
from chapbook.magics.client import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

Shell = Any
"""An `InteractiveShell`, most of whose methods have no types."""
SCRIPT = str(Path(__file__).with_name("scripted_engine.py"))


class Page(DisplayPublisher):
    """What a notebook would show and save: displays by their names, in order."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)  # type: ignore[no-untyped-call]  # IPython declares none
        self.displays: dict[str, dict[str, str]] = {}
        self.history: list[dict[str, str]] = []

    def publish(self, data: Any, *_: Any, transient: Any = None, update: bool = False, **__: Any) -> None:
        name = (transient or {}).get("display_id") or f"plain {len(self.displays)}"
        assert update == (name in self.displays)
        self.displays[name] = data
        self.history.append(data)

    @property
    def texts(self) -> list[str]:
        return [data["text/plain"] for data in self.displays.values()]


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """IPython in a terminal, where what is published is printed."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    for name in ("CHAPBOOK_PROJECT", "CHAPBOOK_NOTEBOOK", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    engine = Engine(sys.executable, ("-P", SCRIPT))
    monkeypatch.setattr(connection, "_engine", engine)
    monkeypatch.setattr(connection, "_liveness", None)
    monkeypatch.setattr(welcome, "_told", set())
    config = Config()
    config.HistoryManager.hist_file = str(tmp_path / "history.sqlite")
    hook, main = sys.displayhook, sys.modules["__main__"]
    shell: Shell = InteractiveShell.instance(config=config)
    chapbook.register(shell)
    yield shell
    started = engine._process
    engine.stop(patience=0.2)
    if started is not None and started._errors is not None:
        # Its last words are kept as long as somebody may ask for them.
        started._errors.close()
    atexit.unregister(shell.atexit_operations)
    database = shell.history_manager.db
    shell.atexit_operations()
    database.close()
    InteractiveShell.clear_instance()
    sys.displayhook = hook
    sys.modules["__main__"] = main


@pytest.fixture
def shell(terminal: Shell) -> Shell:
    """IPython in a notebook."""
    terminal.display_pub = Page()
    return terminal


@pytest.fixture
def page(shell: Shell) -> Page:
    assert isinstance(shell.display_pub, Page)
    return shell.display_pub
