"""The line below a `ModuleNotFoundError` that says which package brings the module."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 5.0
"""Seconds that a cell which has failed waits for the line at most."""
_EVENT = "post_run_cell"


class MissingModules:
    """Hears of every cell that has ended, after its traceback was shown; the traceback itself is not touched."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._told: set[str] = set()

    def cell_ended(self, result: Any) -> None:
        """Called by IPython behind every cell; `result` tells how it ended."""
        error = getattr(result, "error_in_exec", None)
        if not isinstance(error, ModuleNotFoundError):
            return
        if getattr(getattr(result, "info", None), "silent", False):
            return
        try:
            line = self._line(_module_of(error))
        except (Exception, KeyboardInterrupt):  # noqa: BLE001  a hint must not become a second error
            return
        if line:
            print(line, flush=True)

    def forget(self) -> None:
        """Tell everything anew; called when the environment has changed."""
        self._told.clear()

    def _line(self, module: str) -> str:
        if not module or module in self._told or is_there(module.partition(".")[0]):
            return ""
        # Needed when something is missing, and not before.
        from chapbook.magics.connection import engine, here

        given = dict(here(self._shell), argv=["find-module", module, "--format", "json"], kernel=None)
        outcome = engine().request("run", dict(given, interactive=False), patience=PATIENCE)
        data = outcome.data
        if not isinstance(data, dict) or "place" not in data:
            return ""
        self._told.add(module)
        return line_of(data)


def line_of(data: dict[str, Any]) -> str:
    """Word what the engine knows of a module; a command stands first, so that the line can be run as it is."""
    told = str(data.get("told") or "").replace("`chapbook ", "`%poetry ")
    if data["place"] == "project":
        return ""
    if data.get("advice"):
        return f"%poetry {data['advice']}  # {told}"
    if data["place"] == "unknown":
        return f"{told}; when you know its name: %poetry add NAME"
    return told


def is_there(top: str) -> bool:
    """Tell whether the uppermost package is there, so that only a part of it is missing; of namespaces nobody knows."""
    if top in sys.modules:
        return getattr(sys.modules[top], "__file__", None) is not None or top in sys.builtin_module_names
    # Loaded in every kernel.
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def register(shell: Any) -> MissingModules:
    """Have IPython tell of cells that have ended; other hooks and custom tracebacks go on as they are."""
    unregister(shell)
    listener = MissingModules(shell)
    shell.events.register(_EVENT, listener.cell_ended)
    return listener


def unregister(shell: Any) -> None:
    """Have it tell no more."""
    for known in _registered(shell):
        shell.events.unregister(_EVENT, known.cell_ended)


def is_registered(shell: Any) -> bool:
    """Tell whether IPython tells of cells already."""
    return bool(_registered(shell))


def forget(shell: Any) -> None:
    """Tell everything anew; called when a command has changed the environment."""
    for known in _registered(shell):
        known.forget()


def _registered(shell: Any) -> list[MissingModules]:
    callbacks = getattr(shell.events, "callbacks", {}).get(_EVENT, ())
    owners: list[Any] = [getattr(callback, "__self__", None) for callback in callbacks]
    # A module that was loaded anew has another class of the same name.
    return [owner for owner in owners if type(owner).__name__ == MissingModules.__name__]


def _module_of(error: ModuleNotFoundError) -> str:
    """Return what is missing: the uppermost package, or, in a namespace that is there, its part."""
    name = error.name or ""
    top = name.partition(".")[0]
    return name if top in sys.modules else top
