"""Finds modules in the notebooks of a project: what an editable installation adds to the start of every interpreter.

Nothing is imported and no file is looked at before something of the project's own packages is imported.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from .project import NotebookProject


class NotebookFinder:
    """A finder of `sys.meta_path`, for one project."""

    def __init__(self, root: str, rules: Sequence[tuple[object, ...]], tops: Sequence[str]) -> None:
        self.root = root
        self.rules = rules
        self.tops = frozenset(tops)
        """The first parts of the names to look for."""
        self._project: NotebookProject | None = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module that is in a notebook; called by Python for each import."""
        del path, target
        if name.partition(".")[0] not in self.tops:
            return None
        return self.project.find(name)

    def invalidate_caches(self) -> None:
        """Forget what was read; called by `importlib.invalidate_caches`."""
        self._project = None

    @property
    def project(self) -> NotebookProject:
        """The notebooks, which are looked at when something of them is imported first."""
        if self._project is None:
            from .project import NotebookProject  # most interpreters import nothing of it

            self._project = NotebookProject(self.root, self.rules)
        return self._project


def install(root: str, rules: Sequence[tuple[object, ...]], tops: Sequence[str]) -> None:
    """Have imports look into the notebooks of a project before anything else."""
    for finder in sys.meta_path:
        if type(finder).__name__ == "NotebookFinder" and getattr(finder, "root", None) == root:
            return
    sys.meta_path.insert(0, NotebookFinder(root, rules, tops))
