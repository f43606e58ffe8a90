"""InstallPaths: where the parts of a distribution belong in one environment, as paths below its top folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.installer.script import is_of_environment, is_reserved
from chapbook_core.project.small_file import read_small
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.environment.environment import Environment

_OF_EVERY_SYSTEM = ("etc", "lib64", "sbin", "share", "share/man", "share/man/man1", "src")
"""Folders that systems have beside their Pythons, even when nothing is in them."""


class UnknownLayout(ChapbookError):
    """A folder that is no virtual environment, or one whose packages cannot be found."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"cannot install into {folder}: {reason}", hints=["remove it, and run the command again"])


@frozen
class InstallPaths:
    """The folders of an environment; all but `root` and `interpreter` are relative to it, with `/` between parts."""

    root: Path
    """The top of the environment, free of links."""
    purelib: str
    platlib: str
    scripts: str
    headers: str
    """Each distribution has a folder in it."""
    interpreter: Path
    """What the first line of a script names; a link is not followed."""
    platform: str = sys.platform
    machine: str = ""
    """For the programs that start scripts on Windows."""
    kept: tuple[str, ...] = ()
    """Further folders that stay when nothing is left in them."""

    @property
    def program_ending(self) -> str:
        """What the file name of a program ends with."""
        return ".exe" if self.platform == "win32" else ""

    def target(self, scheme: str, path: str, name: str) -> str:
        """Return where a file of a scheme belongs, below the root; `name` is the distribution's."""
        match scheme:
            case "purelib":
                return f"{self.purelib}/{path}"
            case "platlib":
                return f"{self.platlib}/{path}"
            case "scripts":
                return f"{self.scripts}/{path}"
            case "headers":
                return f"{self.headers}/{name}/{path}"
            case "data":
                return path
            case _:
                raise ValueError(scheme)

    def is_protected(self, target: str) -> bool:
        """Tell whether a file below the root belongs to the environment itself, by any spelling of its name."""
        folder, _, name = target.rpartition("/")
        return is_of_environment(target) or (folder.lower() == self.scripts.lower() and is_reserved(name))


def paths_of(environment: Environment, *, machine: str = "") -> InstallPaths:
    """Return the paths of an environment, a Python that is no virtual one among them; raises UnknownLayout."""
    layout = environment.layout
    if layout is None:
        return paths_of_environment(environment.path, machine=machine)
    library = str(layout.library)
    facts = {"purelib": library, "platlib": library, "scripts": str(layout.scripts), "headers": str(layout.headers)}
    paths = paths_from_facts(environment.path, facts, layout.program, machine=machine)
    return replace(paths, kept=_OF_EVERY_SYSTEM)


def paths_of_environment(folder: Path, *, platform: str = sys.platform, machine: str = "") -> InstallPaths:
    """Return the paths of a virtual environment from its `pyvenv.cfg` and folders; raises UnknownLayout."""
    root = Path(os.path.realpath(folder))
    fields = _configuration(root, folder)
    if platform == "win32":
        return InstallPaths(
            root, "Lib/site-packages", "Lib/site-packages", "Scripts", "Include/site", root / "Scripts" / "python.exe",
            platform, machine,
        )  # fmt: skip
    version = fields.get("version_info") or fields.get("version") or ""
    minor = ".".join(version.split(".")[:2])
    found = sorted(name for name in _names(f"{root}/lib") if os.path.isdir(f"{root}/lib/{name}/site-packages"))  # noqa: PTH112  asked for each environment, and paths are dearer
    fitting = [name for name in found if name.rstrip("t").endswith(minor)] if minor else found
    if len(fitting) != 1:
        raise UnknownLayout(folder, "it has no folder for packages" if not fitting else "it is for several Pythons")
    library = f"lib/{fitting[0]}/site-packages"
    return InstallPaths(
        root, library, library, "bin", f"include/site/{fitting[0]}", root / "bin" / "python", platform, machine
    )


def paths_from_facts(
    root: Path, facts: Mapping[str, str], interpreter: Path, *, platform: str = sys.platform, machine: str = ""
) -> InstallPaths:
    """Return the paths that the interpreter of an environment tells of itself, as `sysconfig.get_paths` names them.

    They may be absolute or relative to the root.
    """
    top = Path(os.path.realpath(root))
    return InstallPaths(
        root=top,
        purelib=_below(top, facts["purelib"]),
        platlib=_below(top, facts["platlib"]),
        scripts=_below(top, facts["scripts"]),
        headers=_below(top, facts["headers"]) if "headers" in facts else "include/site",
        interpreter=interpreter,
        platform=platform,
        machine=machine,
    )


def _below(root: Path, folder: str) -> str:
    # Environments link `lib64` to `lib`: what is one folder shall have one name.
    path = os.path.realpath(root / folder)
    try:
        relative = Path(path).relative_to(root)
    except ValueError:
        raise UnknownLayout(root, f"its Python keeps packages elsewhere, in {folder}") from None
    return PurePosixPath(*relative.parts).as_posix()


def _configuration(root: Path, folder: Path) -> dict[str, str]:
    try:
        text = read_small(f"{root}/pyvenv.cfg").decode("utf-8", "replace")
    except OSError:
        raise UnknownLayout(folder, "it is not a virtual environment, `pyvenv.cfg` is missing") from None
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  names, not paths
    except OSError:
        return []
