"""A person without anything, who has a package index and types commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from chapbook_core.index.default_index import default_index

_PATIENCE = 600


def newcomer(home: Path) -> dict[str, str]:
    """Return the variables of a newcomer; skips where there is no index."""
    index = default_index(os.environ, Path.home()).url
    try:
        with urlopen(Request(f"{index.rstrip('/')}/ipykernel/", method="HEAD"), timeout=10):
            pass
    except (URLError, OSError, ValueError) as cause:
        pytest.skip(f"no package index can be reached: {cause}")
    unwanted = ("XDG_", "CHAPBOOK_", "POETRY_", "JUPYTER_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PIP_INDEX_URL": index}


def chapbook(folder: Path, variables: dict[str, str], *words: str, status: int = 0) -> str:
    """Run a command, and return what it prints."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "chapbook_core.cli", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert status == ended.returncode, ended.stdout + ended.stderr
    return ended.stdout
