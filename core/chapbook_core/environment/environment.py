"""Environment: a folder that packages are put into, which mostly is a virtual environment."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.small_file import read_small
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION = "pyvenv.cfg"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
PROGRAM_SUFFIX = ".exe" if os.name == "nt" else ""
_VERSION = late_pattern(r"(?P<release>[0-9]+\.[0-9]+(?:\.[0-9]+)?)(?P<phase>(?:a|b|rc)[0-9]+)?(?P<rest>.*)", re.ASCII)
_LEVELS = {"alpha": "a", "beta": "b", "candidate": "rc"}


@frozen
class Layout:
    """Where the parts of a Python are that is no virtual environment, as it has told itself; all below one folder."""

    program: Path
    library: Path
    """The folder of its packages."""
    scripts: Path
    headers: Path
    prefix: Path
    """As its `sys.prefix`; what the system adds may be below that."""


@frozen
class Environment:
    """A virtual environment, which was not run to know this, or what takes its place."""

    path: Path
    version: str
    """Of its Python, in full."""
    implementation: str
    """As markers name it."""
    home: Path
    """The folder of the Python that it was made from."""
    base: Path | None
    """The program of that Python, when the environment says so."""
    has_system_packages: bool = False
    layout: Layout | None = None
    """Of a Python that is no virtual environment; None for one that is."""

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual environment."""
        return self.layout is None

    @property
    def prefix(self) -> Path:
        """What a program that runs in it takes for its top."""
        return self.path if self.layout is None else self.layout.prefix

    @property
    def scripts(self) -> Path:
        """The folder of its programs."""
        return self.path / SCRIPTS if self.layout is None else self.layout.scripts

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.scripts / f"python{PROGRAM_SUFFIX}" if self.layout is None else self.layout.program

    @property
    def minor(self) -> tuple[int, int]:
        """The first two numbers of the version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def python_version(self) -> str:
        """The first two numbers of the version, as text."""
        return ".".join(map(str, self.minor))

    @cached_property
    def site_packages(self) -> Path:
        """The folder that its packages are in."""
        if self.layout is not None:
            return self.layout.library
        if os.name == "nt":
            return self.path / "Lib" / "site-packages"
        name = f"python{self.python_version}"
        library = self.path / "lib"
        if (found := library / name / "site-packages").is_dir():
            return found
        # PyPy names the folder after itself, and a free-threaded Python adds a letter.
        return next(
            (folder for folder in _site_packages(library) if folder.parent.name.endswith(_endings(self))), found
        )

    def base_program(self) -> Path:
        """Return the program of the Python that it was made from; it may be gone."""
        if self.base is not None:
            return self.base
        if os.name != "nt" and self.python.is_symlink():
            return Path(os.path.realpath(self.python))
        return self.home / f"python{PROGRAM_SUFFIX or self.python_version}"


def read_environment(path: Path) -> Environment | None:
    """Return what `pyvenv.cfg` says; None when the folder is no virtual environment."""
    values = read_configuration(path)
    if values is None or "home" not in values:
        return None
    version = _version(values)
    if version is None:
        return None
    base = values.get("base-executable") or values.get("executable")
    return Environment(
        path=path,
        version=version,
        implementation=(values.get("implementation") or "cpython").lower(),
        home=Path(values["home"]),
        base=Path(base) if base else None,
        has_system_packages=values.get("include-system-site-packages", "").lower() == "true",
    )


def read_configuration(path: Path) -> dict[str, str] | None:
    """Return the pairs in `pyvenv.cfg`, or None when there is no such file."""
    try:
        text = read_small(f"{path}/{CONFIGURATION}").decode()
    except (OSError, UnicodeDecodeError):
        return None
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _version(values: dict[str, str]) -> str | None:
    """Return the version; the tools that make environments write it in three ways."""
    for key in ("version", "version_info"):
        if match := _VERSION.fullmatch(values.get(key, "")):
            release = match["release"]
            padded = release if release.count(".") > 1 else f"{release}.0"
            if match["phase"]:
                return padded + match["phase"]
            level = match["rest"].lstrip(".").split(".")
            return padded + (f"{_LEVELS[level[0]]}{level[1]}" if level[0] in _LEVELS and len(level) > 1 else "")
    return None


def _site_packages(library: Path) -> Iterator[Path]:
    try:
        folders = sorted(library.iterdir())
    except OSError:
        return
    for folder in folders:
        if (found := folder / "site-packages").is_dir():
            yield found


def _endings(environment: Environment) -> tuple[str, ...]:
    return (environment.python_version, f"{environment.python_version}t")
