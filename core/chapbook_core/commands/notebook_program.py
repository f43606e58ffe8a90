"""The program that runs a notebook without a browser; it is another process, because it speaks with kernels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.lab_extra import require_extra
from chapbook_core.commands.programs import Program

if TYPE_CHECKING:
    from chapbook_core.commands.surroundings import Surroundings

NOTEBOOK_SUFFIX = ".ipynb"
_MODULE = "chapbook_kernelspec"


def notebook_program(words: tuple[str, ...], surroundings: Surroundings) -> Program:
    """Return the program for a notebook and the options behind it; raises ExtraMissing."""
    require_extra("running a notebook", "nbclient")
    project = () if surroundings.project is None else ("--project", str(surroundings.project))
    # Without the present folder on its path, where a file might be called as one of the modules it imports.
    given = (sys.executable, "-P", "-m", _MODULE, *project, *words)
    return Program(Path(sys.executable), given, surroundings.folder, surroundings.variables)
