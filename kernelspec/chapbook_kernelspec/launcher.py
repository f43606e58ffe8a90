"""Runs inside the project's Python: puts the overlay behind everything it has, and becomes ipykernel.

    python launcher.py FOLDERS -f CONNECTION_FILE --ext=project_kernel ...

Only the standard library is used, and no variable is set, so what the kernel starts knows nothing of it. To IPython
this module is an extension that is loaded already: it stands in for the magics until somebody asks for one.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import runpy
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

EXTENSION = "project_kernel"
"""What IPython calls this module."""
_FRONT_DOOR = "chapbook"
"""By name, like all modules below it: the magics stand on this package and are not imported by it."""
_MATCHERS_SINCE = (8, 6)
_AFTER_CELL = "post_run_cell"

entries: dict[str, list[str]] = {}
"""What was in the folders of packages when the kernel began; its memory of the environment starts there."""
lock_stamp: tuple[int, int] | None = None
"""The time and the size that the lock had then."""


def launch() -> None:
    """Take the folders off the words, and run ipykernel as `python -m ipykernel_launcher` would."""
    # `pathlib` is not loaded yet, and whether it will be is ipykernel's business.
    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    # Where this file is are other modules, which are for another Python. A safe path has never had the folder.
    if sys.path and os.path.abspath(sys.path[0]) == own:  # noqa: PTH100  likewise
        del sys.path[0]
    _look_around()
    folders = sys.argv.pop(1)
    sys.path.extend(folder for folder in folders.split(os.pathsep) if folder)
    if os.name == "nt":
        _process_path_files(folders.split(os.pathsep))
    else:
        _hold(folders.split(os.pathsep))
    sys.modules[EXTENSION] = sys.modules[__name__]
    try:
        runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
    except Exception:  # noqa: BLE001  # whatever it is, this kernel does not run
        _end()


def _end() -> None:
    """End with the error that is being handled, and at once.

    A kernel that finds one of its ports taken waits at its end for the others, for ever, and whoever has started it
    waits for the kernel; of one that is gone they know what to do.
    """
    import traceback  # of the few that fail

    traceback.print_exc(file=sys.__stderr__)
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(1)


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython at its start; nothing of the magics is imported before it is needed."""
    shell.magics_manager.register_function(poetry, magic_kind="line_cell", magic_name="poetry")
    MissingModule(shell).listen()
    _complete(shell)
    if os.name != "nt":
        _let_pip_work(shell)


def poetry(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
    """Run commands of Chapbook on the project of this notebook.

        %poetry                       the project at a glance
        %poetry add pandas            require a package, lock it, install it
        %poetry remove pandas         the way back
        %poetry list                  all commands
        %poetry add --help            everything about one

    `%%poetry` takes several commands, one a line. When the first one has run, `%poetry?` tells the rest.
    """
    from IPython import get_ipython  # loaded by then

    front_door = importlib.import_module(_FRONT_DOOR)
    front_door.begin(get_ipython())
    return front_door.poetry(line, cell, local_ns)


# As the magic itself has it, which puts variables in where they stand.
poetry.needs_local_scope = True  # type: ignore[attr-defined]
poetry._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # noqa: SLF001


class MissingModule:
    """Waits for a cell that misses a module, and then lets the magics tell which package brings it."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def listen(self) -> None:
        """Have IPython tell of cells that have ended."""
        self._shell.events.register(_AFTER_CELL, self.cell_ended)

    def cell_ended(self, result: Any) -> None:
        """Called by IPython behind every cell."""
        if isinstance(getattr(result, "error_in_exec", None), ModuleNotFoundError):
            self._shell.events.unregister(_AFTER_CELL, self.cell_ended)
            missing = importlib.import_module("chapbook.magics.missing")
            # Since a magic was used, the same listens already, and is told of this cell by IPython.
            if not missing.is_registered(self._shell):
                missing.register(self._shell).cell_ended(result)


def _let_pip_work(shell: Any) -> None:
    """Have `%pip` do what `!pip` does where the environment has no pip of its own, and IPython's would only fail."""
    own = shell.magics_manager.magics["line"].get("pip")

    def pip(line: str) -> None:
        """Run pip on the environment of this kernel; `%poetry add` changes the project, too."""
        if own is not None and importlib.util.find_spec("pip") is not None:
            own(line)
        else:
            shell.system(f"pip {line}")

    shell.magics_manager.register_function(pip, magic_kind="line", magic_name="pip")


def _complete(shell: Any) -> None:
    """Offer what may stand behind `%poetry`, from the first Tab on."""
    completer = getattr(shell, "Completer", None)
    if completer is None:
        return
    if sys.modules["IPython"].version_info[:2] < _MATCHERS_SINCE:
        for magic in ("%poetry", "%%poetry"):
            shell.set_hook("complete_command", _complete_command, str_key=magic)
        return

    def matcher(context: Any) -> Any:
        if "poetry" not in context.full_text:
            return {"completions": []}
        # It takes this one's place.
        return importlib.import_module("chapbook.magics.completion").register(shell)(context)

    matcher.matcher_api_version = 2  # type: ignore[attr-defined]  # what IPython's decorator would set
    matcher.matcher_priority = 100  # type: ignore[attr-defined]
    matcher.matcher_identifier = "chapbook_poetry_matcher"  # type: ignore[attr-defined]
    completer.custom_matchers.insert(0, matcher)


def _complete_command(shell: Any, event: Any) -> object:
    return importlib.import_module("chapbook.magics.completion").complete_command(shell, event)


def _look_around() -> None:
    """Note what is installed and locked; a folder is listed and a file looked at, and none is read."""
    global lock_stamp  # noqa: PLW0603  a process begins once
    top = sys.prefix.rstrip(os.sep) + os.sep
    for folder in sys.path:
        if folder.startswith(top) and folder.endswith("-packages"):
            try:
                entries[folder] = os.listdir(folder)  # noqa: PTH208  as in `launch`
            except OSError:
                continue
    try:
        status = os.stat(os.path.join(os.path.dirname(sys.prefix), "poetry.lock"))  # noqa: PTH116, PTH118, PTH120
    except OSError:
        return
    lock_stamp = (status.st_mtime_ns, status.st_size)


def _hold(folders: list[str]) -> None:
    """Keep the folders for as long as this kernel runs: whoever prunes the cache sees that they are in use, and when.

    Nobody has to give them back. Programs that the kernel starts do not inherit them, unless they are forks of it.
    """
    # Not on Windows, where nobody can take away what is loaded.
    import fcntl

    for folder in folders:
        if folder:
            try:
                descriptor = os.open(folder, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                os.utime(folder)
            except OSError:
                # Some network file systems have no locks, and a cache may be somebody else's.
                continue


def _process_path_files(folders: list[str]) -> None:
    """Find the modules of pywin32, which are in folders that a `.pth` file names."""
    # Elsewhere nothing that a kernel needs has such files.
    import site

    for folder in folders:
        if folder:
            site.addsitedir(folder)


if __name__ == "__main__":
    launch()
