"""A Python that is no virtual environment, for a test to put packages into: the running one's under another prefix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chapbook_core.environment.site_packages import scan_site_packages

_BASE = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
"""Taken before a test says that it is another one."""
_APART = frozenset({"__pycache__", "dist-packages", "site-packages", "test"})
_ASKED = """
import json, sys, sysconfig
print(json.dumps([sys.prefix, *map(sysconfig.get_path, ("data", "purelib", "scripts", "stdlib"))]))
"""


@dataclass(frozen=True, slots=True)
class PlainPython:
    """Where its parts are."""

    program: Path
    top: Path
    library: Path
    scripts: Path
    standard: Path

    @property
    def installed(self) -> list[str]:
        """The distributions that are there, with their versions."""
        return sorted(f"{one.name} {one.version}" for one in scan_site_packages(self.library))

    @property
    def files(self) -> set[str]:
        """What is in it, but for its own library and what Chapbook keeps of it."""
        return {
            path.relative_to(self.top).as_posix()
            for path in self.top.rglob("*")
            if ".chapbook" not in path.parts and "__pycache__" not in path.parts
        }

    def run(self, code: str) -> str:
        """Return what a program prints there."""
        return subprocess.run([self.program, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    def put(self, name: str, version: str, *, installer: str = "pip", record: bool = True, origin: str = "") -> Path:
        """Put a distribution in as another program does; return its dist-info folder."""
        self.library.mkdir(parents=True, exist_ok=True)
        (self.library / f"{name}.py").write_text("BY = 'another'\n", "utf-8")
        folder = self.library / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
        (folder / "INSTALLER").write_text(f"{installer}\n", "utf-8")
        if origin:
            (folder / "direct_url.json").write_text(json.dumps({"url": origin, "dir_info": {}}), "utf-8")
        if record:
            files = (f"{name}.py", *(f"{folder.name}/{each.name}" for each in folder.iterdir()))
            (folder / "RECORD").write_text("".join(f"{each},,\n" for each in files), "utf-8")
        return folder


def make_plain_python(folder: Path) -> PlainPython:
    """Make one, of which nothing but its program and its folder of packages is its own.

    Raises OSError where that cannot be done, as with a Python that does not look for its library beside itself.
    """
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base = Path(sys.base_prefix)
    library = folder / "lib" / minor
    (library / "site-packages").mkdir(parents=True)
    (folder / "bin").mkdir()
    program = folder / "bin" / minor
    shutil.copy(_BASE, program)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(minor)
    for part in Path(os.__file__).parent.iterdir():
        if part.name not in _APART:
            (library / part.name).symlink_to(part)
    for shared in (base / "lib").glob("libpython*"):
        (folder / "lib" / shared.name).symlink_to(shared)
    told = subprocess.run([program, "-I", "-c", _ASKED], capture_output=True, text=True, check=False)
    if told.returncode or (places := json.loads(told.stdout))[0] != str(folder):
        raise OSError(told.stderr or f"it takes {told.stdout} for its own")
    return PlainPython(program, *map(Path, places[1:]))
