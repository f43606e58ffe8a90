"""Where the notebook stands, and which project that makes it part of."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOTEBOOK_VARIABLES = ("CHAPBOOK_NOTEBOOK", "JPY_SESSION_NAME")
_NOTEBOOK_NAMES = ("__vsc_ipynb_file__",)
"""What editors put among the names of the notebook itself."""
_TABLES = ("[project]", "[tool.poetry]", "[tool.poetry.")


def notebook_of(shell: Any) -> str | None:
    """Return the path of the notebook, where somebody tells it; it follows a renamed notebook after a restart."""
    told = [os.environ.get(name) for name in _NOTEBOOK_VARIABLES]
    names = getattr(shell, "user_ns", {})
    told += [names.get(name) for name in _NOTEBOOK_NAMES]
    return next((path for path in told if isinstance(path, str) and _is_notebook(path)), None)


def start_of(shell: Any) -> str:
    """Return the folder in which the search for the project starts."""
    named = os.environ.get("CHAPBOOK_PROJECT")
    if named and Path(named).is_dir():
        return str(Path(named).absolute())
    notebook = notebook_of(shell)
    return str(Path(notebook).parent) if notebook else working_folder()


def project_of(start: str) -> str | None:
    """Return the nearest folder from here upwards whose pyproject.toml describes a project.

    A quick look for a sentence or two; the engine reads the file in earnest.
    """
    folders = (Path(start), *Path(start).parents)
    return next((str(folder) for folder in folders if _describes_project(folder / "pyproject.toml")), None)


def working_folder() -> str:
    """Return where paths start that the person types."""
    try:
        return str(Path.cwd())
    except OSError:
        # It was removed.
        return str(Path.home())


def tool_python() -> str:
    """Return the Python that Chapbook is installed in; beside a copy for other kernels a file says which."""
    try:
        return str(json.loads(Path(__file__).with_name("tool.json").read_text("utf-8"))["python"])
    except (OSError, ValueError, KeyError, TypeError):
        return sys.executable


def is_this_environment(folder: str) -> bool:
    """Tell whether this kernel runs in that environment."""
    return Path(folder).resolve() == Path(sys.prefix).resolve()


def _is_notebook(path: str) -> bool:
    return Path(path).is_absolute() and Path(path).exists()


def _describes_project(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return any(line.lstrip().startswith(_TABLES) for line in lines)
    except OSError:
        return False
