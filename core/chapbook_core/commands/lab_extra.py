"""What comes with the extra `lab`: everything that speaks with Jupyter, and is no part of the core."""

from __future__ import annotations

import sys

from chapbook_core.errors import ChapbookError

EXTRA = "lab"


class ExtraMissing(ChapbookError):
    """A module of the extra is not installed beside Chapbook."""

    def __init__(self, purpose: str, module: str) -> None:
        self.module = module
        super().__init__(
            f"{purpose} needs `{module}`, which is not installed where Chapbook is",
            hints=[f"run `{sys.executable} -m pip install 'chapbook[{EXTRA}]'`"],
        )


def require_extra(purpose: str, *modules: str) -> None:
    """Raise ExtraMissing unless all modules are there; they are looked for and not imported."""
    # Loaded where something is asked for that has to do with Jupyter.
    from importlib.util import find_spec

    for module in modules:
        if find_spec(module) is None:
            raise ExtraMissing(purpose, module)
