"""Environments of conda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.commands.export_formats.exported import (
    NO_PACKAGE,
    PROJECT,
    locked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook


def test_an_environment_has_python_from_conda_and_the_rest_from_pip(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, PROJECT.replace(">=3.11", ">=3.11,<3.12") + NO_PACKAGE)
    assert chapbook("export", "-f", "environment.yml").out == (
        "name: here\n"
        "channels:\n"
        "  - conda-forge\n"
        "dependencies:\n"
        "  - python=3.11\n"
        "  - pip\n"
        "  - pip:\n"
        "      - a==1.0\n"
        "      - b==2.0\n"
        "      - 'only-windows==1.0 ; sys_platform == \"win32\"'\n"
    )
