"""Runs inside the project's Python: puts the overlay behind everything it has, and becomes ipykernel.

    python launcher.py FOLDERS -f CONNECTION_FILE ...

Only the standard library is used, and no variable is set, so what the kernel starts knows nothing of it.
"""

from __future__ import annotations

import os
import runpy
import sys


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
