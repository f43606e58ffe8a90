"""The kernel that a command was typed in: which environment it runs from, and what it has imported of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from chapbook_core.value import field, frozen

_LIB64 = "lib64/"


@frozen
class RunningKernel:
    """What a kernel tells of itself with each command."""

    prefix: Path
    """As its `sys.prefix`."""
    pid: int = 0
    version: str = ""
    """Of its Python, in full."""
    modules: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files of the modules that it has imported, by name; at least those below its packages."""
    started: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The versions of the distributions as this process would import them, or has imported them already, by name."""
    is_fresh: bool = False
    """Whether nothing of the person's was run in it, so that nothing is lost when it starts anew."""

    def runs_in(self, environment: Path) -> bool:
        """Tell whether the kernel runs from an environment."""
        return os.path.realpath(self.prefix) == os.path.realpath(environment)

    def loaded_below(self, environment: Path) -> dict[str, str]:
        """Return the modules that lie in the environment, by file: below its top, with `/` between parts."""
        # The top of a Python may lie above the folder that packages are put below.
        tops = [f"{top}{os.sep}" for top in sorted(set(_spellings(self.prefix, environment)), key=len, reverse=True)]
        loaded: dict[str, str] = {}
        for name, file in self.modules.items():
            for top in tops:
                if file.startswith(top):
                    path = file[len(top) :].replace(os.sep, "/")
                    # On some systems one of the two is a link to the other.
                    path = f"lib/{path[len(_LIB64) :]}" if path.startswith(_LIB64) else path
                    loaded[path] = name
                    break
        return loaded


def read_running_kernel(parameters: object) -> RunningKernel | None:
    """Read what a front end has sent of its kernel; None when there is none, or when it does not say where it runs."""
    match parameters:
        case {"prefix": str(prefix), **rest} if prefix:
            pid, version = rest.get("pid"), rest.get("version")
            return RunningKernel(
                prefix=Path(prefix),
                pid=pid if isinstance(pid, int) else 0,
                version=version if isinstance(version, str) else "",
                modules=_texts(rest.get("modules")),
                started=_texts(rest.get("started")),
                is_fresh=rest.get("fresh") is True,
            )
        case _:
            return None


def _texts(texts: object) -> dict[str, str]:
    if not isinstance(texts, Mapping):
        return {}
    return {name: text for name, text in texts.items() if isinstance(name, str) and isinstance(text, str)}


def _spellings(*folders: Path) -> tuple[str, ...]:
    return tuple(text for folder in folders for text in (str(folder), os.path.realpath(folder)))
