"""Runs inside the project's Python: puts the overlay behind everything it has, and becomes ipykernel.

    python launcher.py FOLDERS -f CONNECTION_FILE ...

Only the standard library is used, and no variable is set, so what the kernel starts knows nothing of it.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MissingModuleListener:
    """Waits for a cell to miss a module, and then lets the magics tell which package brings it.

    It finds nothing itself. Until a module is missing nothing of the magics is loaded; afterwards it is gone.
    """

    def find_spec(self, *_wanted: object) -> None:
        """Called by `import` when every finder before has failed."""
        shell = _shell()
        if shell is None:
            return
        try:
            sys.meta_path.remove(self)
            # By name, because it stands on this package and is not imported by it.
            importlib.import_module("chapbook.magics.missing").register(shell)
        except Exception:  # noqa: BLE001  what was to be imported is missing all the same, and that is told
            return


def _shell() -> Any:
    """Return IPython's shell while it runs a cell; before that, many a library looks for what may be missing."""
    module = sys.modules.get("IPython.core.interactiveshell")
    shell = getattr(getattr(module, "InteractiveShell", None), "_instance", None)
    return shell if getattr(getattr(shell, "displayhook", None), "exec_result", None) is not None else None


def launch() -> None:
    """Take the folders off the words, and run ipykernel as `python -m ipykernel_launcher` would."""
    # `pathlib` is not loaded yet, and whether it will be is ipykernel's business.
    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    # Where this file is are other modules, which are for another Python. A safe path has never had the folder.
    if sys.path and os.path.abspath(sys.path[0]) == own:  # noqa: PTH100  likewise
        del sys.path[0]
    folders = sys.argv.pop(1)
    sys.path.extend(folder for folder in folders.split(os.pathsep) if folder)
    if os.name == "nt":
        _process_path_files(folders.split(os.pathsep))
    # Last of all finders, so it is asked only about what nobody has found.
    sys.meta_path.append(MissingModuleListener())
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)


def _process_path_files(folders: list[str]) -> None:
    """Find the modules of pywin32, which are in folders that a `.pth` file names."""
    # Elsewhere nothing that a kernel needs has such files.
    import site

    for folder in folders:
        if folder:
            site.addsitedir(folder)


if __name__ == "__main__":
    launch()
