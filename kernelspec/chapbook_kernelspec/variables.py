"""The variables of a kernel's process: those of an active environment, without what leads a Python elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.kernel_start import KernelStart

_MISLEADING = frozenset({"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV_PROMPT"})
_CONDA = "CONDA_"
_PATH = "PATH"


def kernel_variables(start: KernelStart, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for the kernel's process; what is given stays as it is, so restarts add nothing up."""
    changed = {
        name: value
        for name, value in variables.items()
        if name not in _MISLEADING and not name.upper().startswith(_CONDA)
    }
    name = next((name for name in changed if name.upper() == _PATH), _PATH) if os.name == "nt" else _PATH
    scripts = os.path.dirname(start.python)  # noqa: PTH120  a text for a text
    left = {scripts, _scripts_of(variables.get("VIRTUAL_ENV", "")), start.programs}
    folders = [folder for folder in changed.get(name, os.defpath).split(os.pathsep) if folder and folder not in left]
    # What the environment has goes before, and what other Pythons have comes behind.
    own = [scripts, start.programs] if start.programs else [scripts]
    changed[name] = os.pathsep.join([*own, *folders])
    changed["VIRTUAL_ENV"] = start.environment
    return changed


def _scripts_of(environment: str) -> str:
    return os.path.join(environment, "Scripts" if os.name == "nt" else "bin") if environment else ""  # noqa: PTH118  as above
