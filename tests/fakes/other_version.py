"""Another version of Chapbook: a copy of this one that numbers the layout of everything it keeps otherwise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import chapbook_core

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS: Mapping[str, str] = {
    "index/blob.py": r'(?<=b"[PFMK])\d',
    "installer/manifest.py": r"(?<=^LAYOUT = )\d",
    "installer/sheet.py": r"(?<=^LAYOUT = )\d",
    "installer/bytecode.py": r"(?<=^_LAYOUT = )\d",
    "environment/pristine.py": r"(?<=^FORMAT = )\d",
    "environment/probe.py": r"(?<=^_FORMAT = )\d",
}


class OtherVersion:
    """Its commands run in processes of their own."""

    def __init__(self, folder: Path) -> None:
        top = Path(chapbook_core.__file__).parent
        shutil.copytree(top, folder / top.name, ignore=shutil.ignore_patterns("__pycache__"))
        for name, pattern in _NUMBERS.items():
            file = folder / top.name / name
            text, count = re.subn(pattern, "8", file.read_text("utf-8"), flags=re.MULTILINE)
            assert count, f"{name} has no number of a layout"
            file.write_text(text, "utf-8")
        self._folder = folder

    def run(self, project: Path, *words: str) -> str:
        """Run a command that has to succeed, and return what it told."""
        command = [sys.executable, "-m", "chapbook_core.cli", *words]
        variables = {**os.environ, "PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
