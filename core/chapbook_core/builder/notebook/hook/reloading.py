"""Has IPython's `%autoreload` see the modules that are in notebooks: by itself it looks at `.py` files alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from .project import NotebookProject

_seen: dict[str, tuple[NotebookProject, float]] = {}
"""By module, and when its notebooks had been changed as it was loaded."""
_shells: list[object] = []


def watch(module: ModuleType, project: NotebookProject) -> None:
    """Load a module anew before the next cell for which its notebook has changed, if the person has asked for that."""
    ipython = sys.modules.get("IPython")
    if ipython is None or str(getattr(module, "__file__", "")).endswith(".py"):
        return
    shell = ipython.get_ipython()
    if shell is None:
        return
    _seen[module.__name__] = (project, project.changed_at(module.__name__))
    if not any(known is shell for known in _shells):
        _shells.append(shell)
        shell.events.register("pre_run_cell", lambda *_: _reload_changed(shell))


def _reload_changed(shell: Any) -> None:
    autoreload = sys.modules.get("IPython.extensions.autoreload")
    reloader = getattr(shell.magics_manager.registry.get("AutoreloadMagics"), "_reloader", None)
    if autoreload is None or reloader is None or not reloader.enabled:
        return
    for name, (project, changed) in list(_seen.items()):
        module = sys.modules.get(name)
        is_asked = reloader.check_all or name in reloader.modules
        if module is None or not is_asked or name in getattr(reloader, "skip_modules", ()):
            continue
        last = project.changed_at(name)
        if last == changed:
            continue
        # What cannot be loaded is told once, not before each cell.
        _seen[name] = (project, last)
        try:
            autoreload.superreload(module, old_objects=reloader.old_objects)
        except Exception as problem:  # noqa: BLE001  whatever the cells of a person raise
            sys.stderr.write(f"[autoreload of {name} failed: {type(problem).__name__}: {problem}]\n")
