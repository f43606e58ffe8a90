"""The papermill engine `chapbook`: `papermill --engine chapbook in.ipynb out.ipynb` runs a notebook in its project."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papermill.engines import (  # type: ignore[import-untyped]  # it has no types
    NBClientEngine,
    NotebookExecutionManager,
)

from chapbook_core.commands.notebook_stamp import stamp_if_wanted
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.project.notebook_metadata import OWN, own_metadata, read_notebook_file
from chapbook_core.value import replace
from chapbook_kernelspec.project_kernel import make_ready
from chapbook_kernelspec.registration import GENERIC_NAME

if TYPE_CHECKING:
    from nbformat import NotebookNode


_MAY_FAIL = "raises-exception"
"""The tag of a cell that is to end with an error."""


class ProjectEngine(NBClientEngine):  # type: ignore[misc]  # as above
    """Executes as papermill does, in the kernel of the project that the notebook is in."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any) -> object:
        """Make the project ready, and leave the rest to papermill, which calls this."""
        surroundings = Surroundings(Path.cwd(), dict(os.environ), Path.home(), python=sys.version_info[:2])
        notebook = _file(options.get("input_path"))
        manager = make_ready(notebook, surroundings, Unwatched())
        answer = super().execute_managed_notebook(nb_man, kernel_name, kernel_manager_class=manager, **options)
        if notebook is not None and not _has_failed(nb_man.nb):
            _stamp(nb_man.nb, replace(surroundings, project=surroundings.project or notebook.parent))
        return answer

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return a name also for a notebook that has none; whatever it is, the kernel is the project's."""
        return name or str(nb.metadata.get("kernelspec", {}).get("name") or GENERIC_NAME)

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the language, which decides how parameters are written."""
        return language or str(nb.metadata.get("language_info", {}).get("name") or "python")


def _has_failed(notebook: NotebookNode) -> bool:
    """Tell whether a cell ended with an error; papermill stops there, and raises it only when all is written."""
    cells = [cell for cell in notebook.cells if _MAY_FAIL not in cell.metadata.get("tags", ())]
    return any(output.output_type == "error" for cell in cells for output in cell.get("outputs", ()))


def _stamp(notebook: NotebookNode, surroundings: Surroundings) -> None:
    """Note what the outputs come from, where the project wants that; papermill writes the notebook afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "executed.ipynb"
        file.write_text(json.dumps(notebook), "utf-8")
        if stamp_if_wanted(surroundings, file) is not None:
            notebook.metadata[OWN] = own_metadata(read_notebook_file(file), file)


def _file(path: object) -> Path | None:
    """Return the notebook's file; None for one that comes from elsewhere, as a store or a pipe."""
    file = Path(path).absolute() if isinstance(path, str | Path) else None
    return file if file is not None and file.is_file() else None
