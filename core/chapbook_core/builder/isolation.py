"""Isolation: a build sees its own environment, and nothing of the person's but what a compiler needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chapbook_core.errors import ChapbookError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_BUILDS_SEE = """
    HOME LANG LANGUAGE LOGNAME PATH SHELL TERM TZ USER
    LD_LIBRARY_PATH DYLD_LIBRARY_PATH MAKEFLAGS CARGO_HOME RUSTUP_HOME JAVA_HOME GOPATH SOURCE_DATE_EPOCH
    APPDATA COMSPEC LOCALAPPDATA NUMBER_OF_PROCESSORS OS PATHEXT PROCESSOR_ARCHITECTURE PROGRAMDATA
    PROGRAMFILES PROGRAMFILES(X86) SYSTEMDRIVE SYSTEMROOT USERPROFILE WINDIR
"""
_MAKE_ANOTHER_WHEEL = """
    AR ARCHFLAGS CC CFLAGS CPATH CPPFLAGS CXX CXXFLAGS F77 FC FFLAGS LD LDFLAGS LIBRARY_PATH INCLUDE LIB
    MACOSX_DEPLOYMENT_TARGET SDKROOT PKG_CONFIG PKG_CONFIG_PATH RUSTUP_TOOLCHAIN RUSTFLAGS
    SETUPTOOLS_SCM_PRETEND_VERSION
"""
_SHAPING = frozenset(_MAKE_ANOTHER_WHEEL.split())
_SHAPING_BEGINNING = "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_"
_ALLOWED = frozenset(_BUILDS_SEE.split()) | _SHAPING
_ALLOWED_BEGINNINGS = ("LC_", _SHAPING_BEGINNING)


class BuildRequirementsFailed(ChapbookError):
    """What a build needs could not be had."""

    def __init__(self, requirements: Iterable[str], cause: ChapbookError) -> None:
        super().__init__(
            f"what its build needs ({', '.join(requirements)}) cannot be had: {cause.message}", hints=cause.hints
        )


class NeedsItself(ChapbookError):
    """A package that has to be built before it can be built."""

    def __init__(self, chain: Sequence[str]) -> None:
        super().__init__(
            f"it has to be built before it can be built: {' needs '.join(f'`{name}`' for name in chain)}",
            hints=["let it be taken as a wheel: take it out of `installer.no-binary`, or choose another version"],
        )


@frozen
class BuildEnvironment:
    """A virtual environment with what builds need; builds share it and leave it as it is."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.programs / ("python.exe" if os.name == "nt" else "python")

    @property
    def programs(self) -> Path:
        """The folder of its programs."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def variables(self, person: Mapping[str, str], temporary: Path) -> dict[str, str]:
        """Return the variables that a build may see: no tokens, no settings of Python."""
        kept = {name: value for name, value in person.items() if _is_allowed(name)}
        # The folder a build runs in is somebody else's: no program is looked for there by accident.
        path = [folder for folder in kept.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()]
        return {
            **kept,
            "PATH": os.pathsep.join([str(self.programs), *path]),
            "VIRTUAL_ENV": str(self.folder),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
            "PYTHONIOENCODING": "utf-8",
        }


class BuildEnvironments(Protocol):
    """Makes the environments of builds; whoever knows indexes and installing implements it."""

    def environment(self, requires: Sequence[str]) -> BuildEnvironment:
        """Return an environment with what a build requires.

        Raises BuildRequirementsFailed and NeedsItself.
        """


def shaping_variables(person: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the variables by which a person has another wheel built from the same source."""
    return sorted(
        (name, value)
        for name, value in person.items()
        if value and (name.upper() in _SHAPING or name.upper().startswith(_SHAPING_BEGINNING))
    )


def _is_allowed(name: str) -> bool:
    name = name.upper()
    return name in _ALLOWED or name.startswith(_ALLOWED_BEGINNINGS)
