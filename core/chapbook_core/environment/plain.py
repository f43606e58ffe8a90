"""Plain: a Python that is no virtual environment, and what packages are put into all the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.condition import Broken, Sound
from chapbook_core.environment.environment import Environment, Layout
from chapbook_core.environment.state import read_state

if TYPE_CHECKING:
    from chapbook_core.environment.interpreter import Interpreter

_FOLDERS = ("purelib", "platlib", "scripts")


def is_externally_managed(interpreter: Interpreter) -> bool:
    """Tell whether the system's package manager alone may install into a Python, as PEP 668 has it.

    People take the file away, and systems bring it, while the Python stays the same.
    """
    return Path(interpreter.places.get("stdlib", ""), "EXTERNALLY-MANAGED").is_file()


def look_at_plain(interpreter: Interpreter) -> Sound | Broken:
    """Return the condition of a Python: where it keeps packages, or why none can be put into it.

    Its top is the folder that the data files of packages go to, which all else has to be below: what is put in lies on
    one file system until it is in its place, and what tells of a change that was interrupted lies beside it.
    """
    places = interpreter.places
    top = Path(os.path.realpath(places.get("data") or interpreter.prefix))
    folders = {name: Path(os.path.realpath(places.get(name, ""))) for name in _FOLDERS}
    elsewhere = next((folder for folder in folders.values() if top not in folder.parents), None)
    if elsewhere is not None:
        return Broken(top, f"its Python {interpreter.version} keeps things outside of it, in `{elsewhere}`")
    library = folders["purelib"]
    if folders["platlib"] != library:
        reason = f"its Python {interpreter.version} keeps packages in two folders, `{library}` and"
        return Broken(top, f"{reason} `{folders['platlib']}`")
    if library not in {Path(os.path.realpath(each)) for each in interpreter.libraries}:
        return Broken(top, f"its Python {interpreter.version} does not look for packages in `{library}`")
    headers = Path(os.path.realpath(places.get("include", "")))
    if top not in headers.parents:
        # As in a virtual environment.
        headers = top / "include" / "site" / f"python{interpreter.python_version}"
    environment = Environment(
        path=top,
        version=interpreter.version,
        implementation=interpreter.implementation,
        home=interpreter.executable.parent,
        base=interpreter.executable,
        layout=Layout(interpreter.executable, library, folders["scripts"], headers, interpreter.prefix),
    )
    return Sound(environment, read_state(top))
