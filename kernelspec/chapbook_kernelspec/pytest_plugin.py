"""Notebooks as tests of pytest: each is one item, run in a kernel of its project.

Nothing is collected unless `--chapbook` or the setting `chapbook_notebooks = true` asks for it, and until then nothing
else is loaded: every run of pytest beside an installed Chapbook imports this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from pathlib import Path
    from typing import Any

    from _pytest._code.code import TerminalRepr

    from chapbook_core.commands.testing.collecting import NotebookToRun
    from chapbook_core.commands.testing.kernels import Kernels
    from chapbook_core.commands.testing.trial import Failure

_SUFFIX = ".ipynb"
_WANTED = "chapbook_notebooks"
_CELL_TIMEOUT = "chapbook_cell_timeout"
_TAGGED = "chapbook_tagged"
_ITEM = "notebook"
_KERNELS: pytest.StashKey[Kernels] = pytest.StashKey()


class NotebookFailed(Exception):
    """A cell has failed, or the kernel."""

    def __init__(self, shown: str, failure: Failure) -> None:
        super().__init__(failure.message)
        self.shown = shown
        self.failure = failure


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options and settings; pytest calls it first of all."""
    group = parser.getgroup("chapbook", "notebooks")
    group.addoption("--chapbook", action="store_true", help="run notebooks too, each in a kernel of its project")
    parser.addini(_WANTED, "run notebooks too, each in a kernel of its project", type="bool", default=False)
    parser.addini(_CELL_TIMEOUT, "how many seconds a cell of a notebook may take", default="")
    parser.addini(_TAGGED, "run of each notebook only what is exported or tagged `test`", type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NotebookFile | None:
    """Take notebooks when they are wanted; pytest calls it for every file that it meets."""
    if file_path.suffix != _SUFFIX or not (parent.config.getoption("--chapbook") or parent.config.getini(_WANTED)):
        return None
    if ".ipynb_checkpoints" in file_path.parts:
        return None
    file: NotebookFile = NotebookFile.from_parent(parent, path=file_path)
    return file


class NotebookFile(pytest.File):
    """A notebook."""

    def collect(self) -> Iterable[NotebookItem]:
        """Yield the one item that it is, if anything in it is to be run."""
        from chapbook_core.commands.testing.collecting import collect  # see above

        shown = self.nodeid
        collection = collect([(self.path, shown)], tagged=bool(self.config.getini(_TAGGED)))
        for unusable in collection.unusable:
            raise self.CollectError("\n".join(filter(None, (unusable.message, unusable.hint))))
        for notebook in collection.notebooks:
            item: NotebookItem = NotebookItem.from_parent(self, name=_ITEM, notebook=notebook)
            yield item


class NotebookItem(pytest.Item):
    """A notebook that is run from top to bottom."""

    def __init__(self, *, notebook: NotebookToRun, **given: Any) -> None:
        super().__init__(**given)
        self._notebook = notebook

    def runtest(self) -> None:
        """Run it; raises NotebookFailed, and ChapbookError when its project is not ready."""
        import os

        from chapbook_core.commands.testing.driver import require_runner, run_trials  # see above
        from chapbook_core.commands.testing.trial import Manner, Trial
        from chapbook_core.events import Unwatched

        require_runner()
        start = _kernels(self.config).start(self._notebook.file)
        trial = Trial(self._notebook, start)
        (outcome,) = run_trials([trial], Manner(cell_timeout=_seconds(self.config)), os.environ, Unwatched())
        if outcome.failure is not None:
            raise NotebookFailed(self._notebook.shown, outcome.failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """Tell it in terms of the notebook, not of what ran it."""
        from chapbook_core.errors import ChapbookError  # see above

        match excinfo.value:
            case NotebookFailed() as failed:
                return _told(failed)
            case ChapbookError(message=message, hints=hints):
                return "\n".join([message, *(f"hint: {hint}" for hint in hints)])
            case _:
                return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Name it by its file alone."""
        return self.path, None, self._notebook.shown


def _told(failed: NotebookFailed) -> str:
    failure = failed.failure
    where = f"{failed.shown}, cell {failure.cell}" if failure.cell is not None else failed.shown
    lines = [f"{where}: {failure.message}"]
    lines += ["", failure.source] if failure.source else []
    lines += ["", failure.traceback] if failure.traceback else []
    lines += ["", "its output:", failure.output] if failure.output else []
    return "\n".join(lines)


def _kernels(config: pytest.Config) -> Kernels:
    """Return the kernels of the projects that this run has met."""
    if _KERNELS not in config.stash:
        import os
        import sys
        from pathlib import Path

        from chapbook_core.commands.surroundings import Surroundings  # see above
        from chapbook_core.commands.testing.kernels import Kernels
        from chapbook_core.events import Unwatched

        surroundings = Surroundings(Path.cwd(), dict(os.environ), Path.home(), python=sys.version_info[:2])
        config.stash[_KERNELS] = Kernels(surroundings, Unwatched())
    return config.stash[_KERNELS]


def _seconds(config: pytest.Config) -> int | None:
    text = str(config.getini(_CELL_TIMEOUT))
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise pytest.UsageError(f"{_CELL_TIMEOUT} is not a number of seconds: {text}")
    return int(text)
