"""NotebookProject: the modules in the notebooks of one project, as imports ask for them."""

from __future__ import annotations

import os
import time
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from .collecting import Collected, collect
from .loading import NotebookLoader
from .rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .module import Module

_SECONDS_BETWEEN_LOOKS = 0.5
"""Whoever tries what there is asks for names that are in no notebook; the folder is not looked into each time."""


class NotebookProject:
    """Reads the notebooks when something is asked for, and again when they change."""

    def __init__(self, root: str, rules: Sequence[tuple[object, ...]]) -> None:
        self.root = root
        self._rules = [Rule(*rule) for rule in rules]  # type: ignore[arg-type]  # written by the build as rules
        self._collected: Collected | None = None
        self._states: dict[str, tuple[int, int] | None] = {}
        self._looked = 0.0

    def find(self, name: str) -> ModuleSpec | None:
        """Return how to import a module; raises ImportError when a notebook that may hold it cannot be read."""
        collected = self._read()
        module = collected.modules.get(name)
        if module is None and not self._is_file(name) and time.monotonic() - self._looked > _SECONDS_BETWEEN_LOOKS:
            collected = self._read(anew=True)
            module = collected.modules.get(name)
        if module is None:
            return self._spec_of_parent(name, collected)
        return self._spec(name, self.path(module.notebooks[0]), is_package=module.is_package or self._has_below(name))

    def module(self, name: str) -> Module | None:
        """Return a module as its notebooks are at this moment; raises NotebookMistake."""
        collected = self._read()
        known = collected.modules.get(name)
        if known is not None and any(self._states[notebook] != self._state(notebook) for notebook in known.notebooks):
            collected = self._read(anew=True)
        for mistake in collected.failures.get(name, ()):
            raise mistake
        return collected.modules.get(name)

    def changed_at(self, name: str) -> float:
        """Return when the notebooks of a module were changed last."""
        module = self._read().modules.get(name)
        states = [self._state(notebook) for notebook in module.notebooks] if module is not None else []
        return max((state[0] for state in states if state is not None), default=0)

    def path(self, notebook: str) -> str:
        """Return where a notebook is."""
        return os.path.join(self.root, *notebook.split("/"))  # noqa: PTH118  pathlib costs its own import

    def _read(self, *, anew: bool = False) -> Collected:
        if self._collected is None or anew:
            self._collected = collect(self.root, self._rules, hurried=True)
            self._states = {notebook: self._state(notebook) for notebook in self._collected.notebooks}
            self._looked = time.monotonic()
        return self._collected

    def _state(self, notebook: str) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path(notebook))  # noqa: PTH116  likewise
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _spec_of_parent(self, name: str, collected: Collected) -> ModuleSpec | None:
        """Return a package for what has modules below it and no file; what has one is for other finders."""
        if self._is_file(name) or any(name in rule.namespaces for rule in self._rules):
            return None
        if self._has_below(name):
            return self._spec(name, None, is_package=True)
        for mistake in collected.unreadable:
            raise ImportError(f"cannot find `{name}`, maybe because {mistake.message}", name=name)
        return None

    def _has_below(self, name: str) -> bool:
        return any(other.startswith(f"{name}.") for other in self._read().modules) or any(
            f"{rule.package}.".startswith(f"{name}.") for rule in self._rules if rule.package
        )

    def _spec(self, name: str, origin: str | None, *, is_package: bool) -> ModuleSpec:
        folder = self._place(name)
        loader = NotebookLoader(self, name, os.path.join(folder, "__init__.py") if is_package else origin or "")  # noqa: PTH118  likewise
        # The class that loaders are checked against takes longer to import than all of this.
        spec = ModuleSpec(name, loader, origin=origin, is_package=is_package)  # type: ignore[arg-type]  # it has both methods
        spec.has_location = origin is not None
        if is_package:
            spec.submodule_search_locations = [folder]
        return spec

    def _place(self, name: str) -> str:
        """Return the folder that a package of that name has, or would have."""
        top = name.partition(".")[0]
        source = next((rule.source for rule in self._rules if rule.top == top), self._rules[0].source)
        below = [*source.split("/"), *name.split(".")] if source else name.split(".")
        return os.path.join(self.root, *below)  # noqa: PTH118  likewise

    def _is_file(self, name: str) -> bool:
        place = self._place(name)
        return os.path.isfile(f"{place}.py") or os.path.isfile(os.path.join(place, "__init__.py"))  # noqa: PTH113, PTH118  likewise
