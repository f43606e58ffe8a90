"""The environment that a project is looked at for: that of its `.venv`, else of this Python, else one it allows."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.target import IMPLEMENTATIONS, PYTHON_MINORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from chapbook_core.project.manifest import Manifest

VENV = ".venv"


@dataclass(frozen=True, slots=True)
class PresentEnvironment:
    """What markers are evaluated against, and what is installed there."""

    markers: Mapping[str, str]
    installed: Callable[[str], str | None] | None = None
    """Tells the installed version of a name, in the spelling that compares; None for what is not installed.

    The port itself is None while there is no environment, so that nothing can be said."""


def present_environment(manifest: Manifest) -> PresentEnvironment:
    """Look at the project's environment without starting its Python."""
    folder = manifest.folder / VENV
    configuration = _configuration(folder)
    if configuration is not None:
        return PresentEnvironment(_markers(*configuration), installed_in(folder))
    here = platform.python_version()
    allowed = python_marker(manifest.python)
    for version in (here, *(f"{major}.{minor}.{patch}" for major, minor in PYTHON_MINORS for patch in range(30))):
        markers = _markers(version, sys.implementation.name)
        if allowed.evaluate(markers):
            return PresentEnvironment(markers)
    return PresentEnvironment(_markers(here, sys.implementation.name))


def installed_in(folder: Path) -> Callable[[str], str | None]:
    """Return the port to what is installed in a virtual environment, as its folders say."""
    versions = dict(_distributions(folder))
    return versions.get


def _distributions(folder: Path) -> Iterator[tuple[str, str]]:
    for pattern in ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info"):
        for path in folder.glob(pattern):
            name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
            yield canonical_name(name), version


def _configuration(folder: Path) -> tuple[str, str] | None:
    """Return version and implementation out of `pyvenv.cfg`; the keys differ between its writers."""
    try:
        text = (folder / "pyvenv.cfg").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    pairs = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())}
    version = pairs.get("version_info") or pairs.get("version", "")
    parts = version.split(".")[:3]
    if not all(part.isdigit() for part in parts) or len(parts) < len(("major", "minor")):
        return None
    return ".".join((*parts, "0")[:3]), pairs.get("implementation", sys.implementation.name).lower()


def _markers(python_full_version: str, implementation: str) -> dict[str, str]:
    return {
        "implementation_name": implementation,
        "implementation_version": python_full_version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": IMPLEMENTATIONS.get(implementation, implementation),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": python_full_version,
        "python_version": ".".join(python_full_version.split(".")[:2]),
        "sys_platform": sys.platform,
    }
