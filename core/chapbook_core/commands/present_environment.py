"""What a project is looked at for: its environment, else this Python, else one that it allows."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chapbook_core.commands.project_environment import present_condition
from chapbook_core.environment.condition import Moved, Sound
from chapbook_core.environment.environment import read_environment
from chapbook_core.environment.machine import this_machine
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.target import IMPLEMENTATIONS, PYTHON_MINORS
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment


@frozen
class PresentEnvironment:
    """What markers are evaluated against, and what is installed there."""

    markers: Mapping[str, str]
    installed: Callable[[str], str | None] | None = None
    """Tells the installed version of a name, in the spelling that compares; None for what is not installed.

    The port itself is None while there is no environment, so that nothing can be said."""


def present_environment(session: Session) -> PresentEnvironment:
    """Look at the project's environment without starting its Python."""
    here, manifest = sys.version.split()[0], session.manifest
    condition = present_condition(session)
    if isinstance(condition, Sound | Moved):
        environment: Environment | None = condition.environment
    else:
        # One whose Python is gone still says which packages it has.
        environment = read_environment(condition.path)
    if environment is not None:
        return PresentEnvironment(
            environment_markers(environment), scan_site_packages(environment.site_packages).version_of
        )
    allowed = python_marker(manifest.python)
    for version in (here, *(f"{major}.{minor}.{patch}" for major, minor in PYTHON_MINORS for patch in range(30))):
        markers = _markers(version, sys.implementation.name)
        if allowed.evaluate(markers):
            return PresentEnvironment(markers)
    return PresentEnvironment(_markers(here, sys.implementation.name))


def environment_markers(environment: Environment) -> dict[str, str]:
    """Return what markers are evaluated against, without asking the Python; it runs where this one does."""
    return _markers(environment.version, environment.implementation)


def _markers(python_full_version: str, implementation: str) -> dict[str, str]:
    machine = this_machine()
    return {
        "implementation_name": implementation,
        "implementation_version": python_full_version,
        "os_name": os.name,
        "platform_machine": machine.machine,
        "platform_python_implementation": IMPLEMENTATIONS.get(implementation, implementation),
        "platform_release": machine.release,
        "platform_system": machine.system,
        "platform_version": machine.version,
        "python_full_version": python_full_version,
        "python_version": ".".join(python_full_version.split(".")[:2]),
        "sys_platform": sys.platform,
    }
