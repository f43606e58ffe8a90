"""The build backend: the hooks of PEP 517 and PEP 660, called by whatever builds or installs a project.

    [build-system]
    requires = ["chapbook"]
    build-backend = "chapbook_core.builder.backend"

A frontend calls each hook in a process of its own, whose folder is the project's. This module is that process's front
end: it reads its variables, and tells errors to the person instead of raising them as tracebacks.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.distribution import read_distribution
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.builder.distribution import Distribution

    Settings = Mapping[str, str | list[str]] | None


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Write the wheel into a folder and return its name."""
    del metadata_directory  # the metadata is the same each time it is made
    from chapbook_core.builder.wheel import build_wheel as build  # the hooks for metadata do without

    with _told() as folder:
        return build(_distribution(folder, config_settings), Path(wheel_directory)).name


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Write a wheel that leads imports to the project itself, and return its name."""
    del metadata_directory  # likewise
    from chapbook_core.builder.wheel import build_editable as build  # likewise

    with _told() as folder:
        return build(_distribution(folder, config_settings), Path(wheel_directory)).name


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Write the source distribution into a folder and return its name."""
    from chapbook_core.builder.sdist import build_sdist as build  # likewise

    with _told() as folder:
        return build(_distribution(folder, config_settings), Path(sdist_directory)).name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """Write the `.dist-info` of the wheel into a folder and return its name."""
    from chapbook_core.builder.wheel_information import wheel_information  # the other hooks load it themselves
    from chapbook_core.builder.wheel_tag import wheel_tag

    with _told() as folder:
        distribution = _distribution(folder, config_settings)
        for member in wheel_information(distribution, wheel_tag(distribution)):
            file = Path(metadata_directory, member.target)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(member.read()[0])
        return f"{distribution.stem}.dist-info"


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return what a build needs beyond the `requires` of the project: nothing."""
    del config_settings
    return []


get_requires_for_build_sdist = get_requires_for_build_wheel
get_requires_for_build_editable = get_requires_for_build_wheel


def _distribution(folder: Path, settings: Settings) -> Distribution:
    local = (settings or {}).get("local-version")
    return read_distribution(folder, os.environ, local_version=local if isinstance(local, str) else None, warn=_warn)


def _warn(message: str) -> None:
    sys.stderr.write(f"warning: {message}\n")


@contextmanager
def _told() -> Iterator[Path]:
    """Give the project's folder; an error ends the process with its sentence instead of a traceback."""
    try:
        yield Path.cwd()
    except ChapbookError as error:
        sys.exit("\n".join([f"error: {error.message}", *(f"hint: {hint}" for hint in error.hints)]))
