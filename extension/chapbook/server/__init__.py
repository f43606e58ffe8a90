"""The part of Chapbook that lives in a Jupyter server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_kernelspec.collaboration import carry_notebooks

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that the server loads."""
    return [{"module": "chapbook.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Let kernels know their notebooks where the server names these by a drive."""
    carry_notebooks(server.session_manager, Path(server.root_dir))
