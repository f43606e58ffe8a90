"""The papermill engine `chapbook`: `papermill --engine chapbook in.ipynb out.ipynb` runs a notebook in its project."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papermill.engines import (  # type: ignore[import-untyped]  # it has no types
    NBClientEngine,
    NotebookExecutionManager,
)

from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_kernelspec.project_kernel import make_ready
from chapbook_kernelspec.registration import GENERIC_NAME

if TYPE_CHECKING:
    from nbformat import NotebookNode


class ProjectEngine(NBClientEngine):  # type: ignore[misc]  # as above
    """Executes as papermill does, in the kernel of the project that the notebook is in."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any) -> object:
        """Make the project ready, and leave the rest to papermill, which calls this."""
        surroundings = Surroundings(Path.cwd(), dict(os.environ), Path.home(), python=sys.version_info[:2])
        notebook = _file(options.get("input_path"))
        manager = make_ready(notebook, surroundings, Unwatched())
        return super().execute_managed_notebook(nb_man, kernel_name, kernel_manager_class=manager, **options)

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return a name also for a notebook that has none; whatever it is, the kernel is the project's."""
        return name or str(nb.metadata.get("kernelspec", {}).get("name") or GENERIC_NAME)

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the language, which decides how parameters are written."""
        return language or str(nb.metadata.get("language_info", {}).get("name") or "python")


def _file(path: object) -> Path | None:
    """Return the notebook's file; None for one that comes from elsewhere, as a store or a pipe."""
    file = Path(path).absolute() if isinstance(path, str | Path) else None
    return file if file is not None and file.is_file() else None
