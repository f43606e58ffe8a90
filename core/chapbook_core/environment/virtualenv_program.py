"""What runs virtualenv for somebody who does something else meanwhile: a program, run on its own and never imported.

It is given the words for virtualenv, and where Python looks for modules, as JSON. It imports nothing of ours. Where it
is run by the very Python that the environment is to be made from, virtualenv starts no other process to ask that one.

What takes the time is to load virtualenv, a third of it for what puts pip into an environment: HTTP, TLS, what unpacks
wheels and writes launchers. Nothing is put into this one. So a seeder of our own, which virtualenv lets everybody have,
stands in for that which it would take, and the wheels that it brings along are left alone. Should it ask for more of
them than it does, it is loaded as it is.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module, metadata
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEEDERS = "virtualenv.seed"
"""The group of entry points, and the package, of what puts something into an environment."""
_WHEELS = f"{_SEEDERS}.wheels"


class Seedless:
    """Puts nothing into an environment. Virtualenv asks it as it asks each seeder, and is told that this is none."""

    enabled = False

    def __init__(self, _options: object) -> None:
        """Be chosen."""

    @staticmethod
    def add_parser_arguments(*_of_each_seeder: object) -> None:
        """Take no words."""


class Plugins:
    """What virtualenv finds among all that is installed, but for the seeders."""

    _all = staticmethod(metadata.entry_points)

    def __init__(self) -> None:
        self._found = self._all()

    def select(self, *, group: str) -> Iterable[metadata.EntryPoint]:
        """Return those of a group."""
        if group == _SEEDERS:
            # Named as the one that is taken where none is asked for.
            return [metadata.EntryPoint("app-data", f"{__name__}:{Seedless.__name__}", group)]
        return self._found.select(group=group)


def load_without_wheels() -> None:
    """Load virtualenv, but for what looks after the wheels that it brings along."""
    package, updates = ModuleType(_WHEELS), ModuleType(f"{_WHEELS}.periodic_update")
    vars(package)["__path__"] = []
    vars(updates)["manual_upgrade"] = None
    sys.modules[_WHEELS], sys.modules[updates.__name__] = package, updates
    try:
        import_module("virtualenv")
    except ImportError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "virtualenv"]:
            del sys.modules[name]


if __name__ == "__main__":
    # To look for garbage while so much is loaded, and to take it all down again, takes a third of the time.
    gc.disable()
    words, places = json.loads(sys.argv[1])
    # After the standard library: `-S` leaves out what is installed for this Python.
    sys.path.extend(place for place in places if place not in sys.path)
    vars(metadata)["entry_points"] = Plugins
    load_without_wheels()
    from virtualenv import cli_run

    cli_run(words, setup_logging=False, env={"VIRTUALENV_CONFIG_FILE": os.devnull})
    os._exit(0)
