"""Where the Pythons of a machine are; what is found is not run here."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import CONFIGURATION, read_environment
from chapbook_core.environment.probe import InterpreterUnusable, running_program
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.probe import Prober

_NAME = late_pattern(r"(?:python|pypy)(?:3(?:\.[0-9]+)?t?)?(?:\.exe)?", re.ASCII | re.IGNORECASE)
_VERSIONED = late_pattern(r"3\.[0-9]+t?(?:\.exe)?$", re.ASCII | re.IGNORECASE)
_SYSTEM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
_SHIMS = "shims"
"""Folders of this name hold scripts that look into the present folder to decide which Python to start."""
_AT_ONCE = 4


@frozen
class Whereabouts:
    """What decides where to look."""

    variables: Mapping[str, str]
    home: Path
    avoid: tuple[Path, ...] = ()
    """Folders of projects; a Python that lies there was put there by whoever wrote the project."""
    managed: tuple[Path, ...] = ()
    """Folders of Pythons that tools have installed, each in a folder of its own."""


@frozen
class Found:
    """The Pythons of a machine."""

    interpreters: tuple[Interpreter, ...]
    """In the order they were found, each once."""
    unusable: tuple[InterpreterUnusable, ...] = ()


def running_interpreter() -> Path:
    """Return the Python that runs this, or that its environment was made from."""
    return running_program()


def find_interpreters(whereabouts: Whereabouts, prober: Prober) -> Found:
    """Ask every Python of the machine what it is."""
    # Only when no known Python will do.
    from concurrent.futures import ThreadPoolExecutor

    def asked(executable: Path) -> Interpreter | InterpreterUnusable:
        try:
            return prober.ask(executable)
        except InterpreterUnusable as error:
            return error
        except OSError as error:
            return InterpreterUnusable(executable, error.strerror or str(error))

    with ThreadPoolExecutor(_AT_ONCE) as crew:
        answers = tuple(crew.map(asked, find_executables(whereabouts)))
    by_program = {str(answer.executable): answer for answer in reversed(answers) if not isinstance(answer, Exception)}
    first = dict.fromkeys(str(answer.executable) for answer in answers if not isinstance(answer, Exception))
    return Found(
        tuple(by_program[program] for program in first),
        tuple(answer for answer in answers if isinstance(answer, InterpreterUnusable)),
    )


def find_executables(whereabouts: Whereabouts) -> tuple[Path, ...]:
    """Return the programs that may be Pythons, without links, each once; the running one is the first."""
    seen: dict[str, Path] = {}
    for program in (running_interpreter(), *_candidates(whereabouts)):
        real = _outside_environments(program)
        if real is not None and not _is_within(real, whereabouts.avoid):
            seen.setdefault(os.path.normcase(real), real)
    return tuple(seen.values())


def find_on_path(name: str, whereabouts: Whereabouts) -> Path | None:
    """Return the program of a name on `PATH`, which never means the present folder."""
    names = (name, f"{name}.exe") if os.name == "nt" else (name,)
    for folder in _path_folders(whereabouts):
        for one in names:
            if _is_program(folder / one):
                return folder / one
    return None


def is_shim(name: str, whereabouts: Whereabouts) -> bool:
    """Tell whether a name on `PATH` is a script that would start another Python in another folder."""
    folders = map(Path, whereabouts.variables.get("PATH", "").split(os.pathsep))
    return any(folder.name == _SHIMS and folder.is_absolute() and _is_program(folder / name) for folder in folders)


def _candidates(whereabouts: Whereabouts) -> Iterator[Path]:
    for folder in _path_folders(whereabouts):
        yield from _pythons_in(folder)
    for root in _version_folders(whereabouts):
        for installation in _listed(root):
            yield from _pythons_in(installation / "bin")
            yield from _pythons_in(installation)
    if os.name == "posix":
        for folder in map(Path, _SYSTEM_FOLDERS):
            yield from _pythons_in(folder)
    yield from _registered()


def _path_folders(whereabouts: Whereabouts) -> Iterator[Path]:
    for text in whereabouts.variables.get("PATH", "").split(os.pathsep):
        folder = Path(text.strip('"'))
        if text and folder.is_absolute() and folder.name != _SHIMS and not _is_within(folder, whereabouts.avoid):
            yield folder


def _version_folders(whereabouts: Whereabouts) -> Iterator[Path]:
    """Yield the folders in which version managers keep a folder for each Python."""
    variables, home = whereabouts.variables, whereabouts.home
    yield from whereabouts.managed
    pyenv = _folder(variables, "PYENV_ROOT", home / ".pyenv" / ("pyenv-win" if os.name == "nt" else ""))
    yield pyenv / "versions"
    data = _folder(variables, "XDG_DATA_HOME", home / ".local" / "share")
    if os.name == "nt":
        data = _folder(variables, "APPDATA", home / "AppData" / "Roaming")
    yield _folder(variables, "UV_PYTHON_INSTALL_DIR", data / "uv" / "python")
    yield data / "pypoetry" / "python"
    yield _folder(variables, "ASDF_DATA_DIR", home / ".asdf") / "installs" / "python"
    yield _folder(variables, "MISE_DATA_DIR", data / "mise") / "installs" / "python"
    if sys.platform == "darwin":
        yield Path("/Library/Frameworks/Python.framework/Versions")


def _folder(variables: Mapping[str, str], name: str, default: Path) -> Path:
    value = variables.get(name, "")
    return Path(value) if value and Path(value).is_absolute() else default


def _pythons_in(folder: Path) -> Iterator[Path]:
    """Yield the Pythons in a folder, those with a version in their name first."""
    names = [path.name for path in _listed(folder) if _NAME.fullmatch(path.name)]
    for name in sorted(names, key=lambda name: (_VERSIONED.search(name) is None, name)):
        if _is_program(folder / name):
            yield folder / name


def _listed(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(sorted(folder.iterdir()))
    except OSError:
        return ()


def _is_program(path: Path) -> bool:
    try:
        # Windows has empty files of this name that open its shop.
        return path.is_file() and os.access(path, os.X_OK) and path.stat().st_size > 0
    except OSError:
        return False


def _outside_environments(program: Path) -> Path | None:
    """Return the program without links; for that of a virtual environment the one it was made from."""
    for folder in (program.parent, program.parent.parent):
        if (folder / CONFIGURATION).is_file():
            environment = read_environment(folder)
            base = None if environment is None else environment.base_program()
            return Path(os.path.realpath(base)) if base is not None and _is_program(base) else None
    real = Path(os.path.realpath(program))
    return real if _is_program(real) else None


def _is_within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _registered() -> Iterator[Path]:
    """Yield what Windows' registry lists as PEP 514 has it, which is also what the `py` launcher reads."""
    if sys.platform != "win32":
        return
    import winreg  # there is none elsewhere

    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            yield from _registered_in(hive, view)


def _registered_in(hive: int, view: int) -> Iterator[Path]:
    if sys.platform != "win32":
        return
    import winreg  # as above

    def names(key: winreg.HKEYType) -> Iterator[str]:  # type: ignore[name-defined,unused-ignore]  # only Windows has it
        for number in range(winreg.QueryInfoKey(key)[0]):
            yield winreg.EnumKey(key, number)

    try:
        with winreg.OpenKey(hive, r"Software\Python", 0, winreg.KEY_READ | view) as root:
            tags = []
            for company in names(root):
                with winreg.OpenKey(root, company) as inside:
                    tags += [rf"{company}\{tag}\InstallPath" for tag in names(inside)]
            for place in tags:
                try:
                    with winreg.OpenKey(root, place) as key:
                        yield Path(str(winreg.QueryValueEx(key, "ExecutablePath")[0]))
                except OSError:
                    continue
    except OSError:
        return
