"""An environment for one build: what its backend asks for, and nothing of the person's but what a compiler needs."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.child import run_child
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chapbook_core.builder.child import Ended
    from chapbook_core.events import Watcher

_BUILDS_SEE = """
    HOME LANG LANGUAGE LOGNAME PATH SHELL TERM TZ USER
    AR ARCHFLAGS CC CFLAGS CPATH CPPFLAGS CXX CXXFLAGS F77 FC FFLAGS LD LDFLAGS LD_LIBRARY_PATH LIBRARY_PATH MAKEFLAGS
    DYLD_LIBRARY_PATH MACOSX_DEPLOYMENT_TARGET SDKROOT PKG_CONFIG PKG_CONFIG_PATH
    CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTFLAGS JAVA_HOME GOPATH
    SOURCE_DATE_EPOCH SETUPTOOLS_SCM_PRETEND_VERSION
    APPDATA COMSPEC INCLUDE LIB LOCALAPPDATA NUMBER_OF_PROCESSORS OS PATHEXT PROCESSOR_ARCHITECTURE PROGRAMDATA
    PROGRAMFILES PROGRAMFILES(X86) SYSTEMDRIVE SYSTEMROOT USERPROFILE WINDIR
"""
_ALLOWED = frozenset(_BUILDS_SEE.split())
_ALLOWED_BEGINNINGS = ("LC_", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_")
_DOWNLOADS_SEE_TOO = """
    ALL_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY all_proxy https_proxy http_proxy no_proxy
    CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE
"""
_FOR_DOWNLOADS = frozenset(_DOWNLOADS_SEE_TOO.split())
_PATIENCE = 900.0


@dataclass(frozen=True, slots=True, repr=False)
class Supply:
    """Where build requirements come from; the addresses may hold credentials."""

    indexes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def has_secrets(self) -> bool:
        """Whether an address holds credentials."""
        return any("@" in address.partition("://")[2].partition("/")[0] for address in (*self.indexes, *self.links))


class BuildRequirementsFailed(ChapbookError):
    """What a build needs could not be installed."""

    def __init__(self, requirements: Iterable[str], words: str) -> None:
        super().__init__(f"what the build needs ({', '.join(requirements)}) cannot be installed:\n{words}")


class Isolation:
    """One environment; it is a folder that whoever made it removes."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str], watcher: Watcher, *, app_data: Path, supply: Supply
    ) -> None:
        self._folder = folder
        self._watcher = watcher
        self._app_data = app_data
        self._supply = supply
        self._variables = variables
        self._has: set[str] = set()

    def make(self) -> None:
        """Make it, with the pip that virtualenv carries along."""
        # A tenth of a second that only builds pay.
        from virtualenv import cli_run

        quiet = ["--no-download", "--no-periodic-update", "--activators", "", "--app-data", str(self._app_data)]
        cli_run(
            [str(self._folder), "--python", sys.executable, "--pip", "embed", *quiet],
            setup_logging=False,
            env={name: value for name, value in self._variables.items() if not name.startswith("VIRTUALENV_")},
        )

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._programs / ("python.exe" if os.name == "nt" else "python")

    @property
    def _programs(self) -> Path:
        return self._folder / ("Scripts" if os.name == "nt" else "bin")

    def install(self, requirements: Sequence[str]) -> None:
        """Install what is not there yet; raises BuildRequirementsFailed."""
        wanted = [requirement for requirement in requirements if requirement not in self._has]
        if not wanted:
            return
        ended = self._pip(wanted, "--only-binary", ":all:")
        if ended.status and not self._supply.has_secrets:
            # A requirement that is itself a source archive: its build sees what pip sees, so no credentials then.
            ended = self._pip(wanted)
        if ended.status:
            raise BuildRequirementsFailed(wanted, ended.words)
        self._has.update(wanted)

    def _pip(self, requirements: Sequence[str], *options: str) -> Ended:
        program = [str(self.python), "-I", "-m", "pip", "install", "--no-input"]
        quiet = ["--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off", "--prefer-binary"]
        variables = {
            **self.variables(),
            **{name: value for name, value in self._variables.items() if name in _FOR_DOWNLOADS},
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self._supply.indexes[0] if self._supply.indexes else "",
            "PIP_EXTRA_INDEX_URL": " ".join(self._supply.indexes[1:]),
            "PIP_FIND_LINKS": " ".join(self._supply.links),
            "PIP_CACHE_DIR": str(self._app_data.parent / "pip"),
        }
        variables = {name: value for name, value in variables.items() if value}
        if not self._supply.indexes:
            variables["PIP_NO_INDEX"] = "1"
        words = [*program, *quiet, *options, "--", *requirements]
        return run_child(words, folder=self._folder, variables=variables, watcher=self._watcher, seconds=_PATIENCE)

    def run(self, words: Sequence[str], folder: Path, seconds: float = _PATIENCE) -> Ended:
        """Run its Python on some words, in a folder."""
        return run_child(
            [str(self.python), "-I", *words],
            folder=folder,
            variables=self.variables(),
            watcher=self._watcher,
            seconds=seconds,
        )

    def variables(self) -> dict[str, str]:
        """Return the variables that a build may see: no tokens, no settings of Python."""
        kept = {name: value for name, value in self._variables.items() if _is_allowed(name)}
        own = self._folder / "tmp"
        own.mkdir(exist_ok=True)
        # The folder a build runs in is somebody else's: no program is looked for there by accident.
        path = [folder for folder in kept.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()]
        return {
            **kept,
            "PATH": os.pathsep.join([str(self._programs), *path]),
            "VIRTUAL_ENV": str(self._folder),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(own)),
            "PYTHONIOENCODING": "utf-8",
        }


def _is_allowed(name: str) -> bool:
    name = name.upper()
    return name in _ALLOWED or name.startswith(_ALLOWED_BEGINNINGS)
