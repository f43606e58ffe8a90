"""Where Jupyter looks for kernels; computed here, because Jupyter may be installed elsewhere than Chapbook."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KERNELS = "kernels"
_IN_PREFIX = Path("share", "jupyter")
_OFF = frozenset({"no", "n", "false", "off", "0", "0.0"})


def user_data_folder(variables: Mapping[str, str], home: Path, *, platform: str = sys.platform) -> Path:
    """Return the folder of a person's Jupyter data, by the rules of Jupyter's own `jupyter_data_dir`."""
    if told := variables.get("JUPYTER_DATA_DIR"):
        return Path(told)
    by_custom = variables.get("JUPYTER_PLATFORM_DIRS", "").lower() not in {"", *_OFF}
    match platform:
        case "darwin":
            return home / "Library" / ("Application Support/Jupyter" if by_custom else "Jupyter")
        case "win32" if by_custom:
            return Path(variables.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Jupyter"
        case "win32":
            return Path(variables["APPDATA"]) / "jupyter" if variables.get("APPDATA") else home / ".jupyter" / "data"
        case _:
            return Path(variables.get("XDG_DATA_HOME") or home / ".local" / "share") / "jupyter"


def data_folder_of(prefix: Path) -> Path:
    """Return the Jupyter data folder of an installation of Python, or of an environment."""
    return prefix / _IN_PREFIX


def folders_of_jupyter(variables: Mapping[str, str], home: Path, *, prefix: str = sys.prefix) -> tuple[Path, ...]:
    """Return the folders in which the Jupyter of an environment looks for kernels, in its order.

    The first kernel of a name is the one that it takes.
    """
    told = (Path(text) for text in variables.get("JUPYTER_PATH", "").split(os.pathsep) if text)
    user, own = user_data_folder(variables, home), data_folder_of(Path(prefix))
    machine = (Path("/usr/local"), Path("/usr")) if os.name == "posix" else ()
    nearest = (own, user) if _prefers_environment(variables, prefix) else (user, own)
    data = (*told, *nearest, *map(data_folder_of, machine))
    former = Path(variables.get("IPYTHONDIR") or home / ".ipython")
    return tuple(dict.fromkeys(folder / KERNELS for folder in (*data, former)))


def _prefers_environment(variables: Mapping[str, str], prefix: str) -> bool:
    """Tell what Jupyter's `prefer_environment_over_user` would."""
    if (told := variables.get("JUPYTER_PREFER_ENV_PATH")) is not None:
        return told.lower() not in _OFF
    is_conda = variables.get("CONDA_DEFAULT_ENV", "base") != "base" and "CONDA_PREFIX" in variables
    if prefix == sys.base_prefix and not (is_conda and prefix.startswith(variables["CONDA_PREFIX"])):
        return False
    return os.access(prefix, os.W_OK) if sys.platform == "win32" else Path(prefix).stat().st_uid == os.geteuid()


def search_folders(variables: Mapping[str, str], home: Path, prefixes: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the folders in which kernels may be, the most important first.

    `prefixes` are those of the environments that matter; whoever asks knows them.
    """
    told = (Path(text) for text in variables.get("JUPYTER_PATH", "").split(os.pathsep) if text)
    active = (Path(variables[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if variables.get(name))
    machine = (Path("/usr/local"), Path("/usr")) if os.name == "posix" else ()
    data = (
        *told,
        user_data_folder(variables, home),
        *(data_folder_of(prefix) for prefix in (*prefixes, *active, *machine)),
    )
    return tuple(dict.fromkeys(folder / KERNELS for folder in data if folder.is_absolute()))
