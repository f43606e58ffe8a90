"""Projects that come as sources and have to be built, each by a backend of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.core.commands.installing import site_packages
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = """\
import base64, hashlib, json, os, sys, zipfile

NAME, VERSION = "lib", "1.0"


def _wheel(folder, members, version=VERSION, name=NAME, tag="py3-none-any"):
    info = name + "-" + version + ".dist-info"
    members[info + "/METADATA"] = "Metadata-Version: 2.1\\nName: " + name + "\\nVersion: " + version + "\\n"
    members[info + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: " + tag + "\\n"
    rows = ""
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows += path + ",sha256=" + digest + "," + str(len(text.encode())) + "\\n"
    members[info + "/RECORD"] = rows + info + "/RECORD,,\\n"
    file = name + "-" + version + "-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for path, text in members.items():
            wheel.writestr(path, text)
    return file


def build_wheel(folder, settings=None, metadata=None):
    with open("lib.py") as file:
        return _wheel(folder, {"lib.py": file.read() + "SETTINGS = " + repr(settings) + "\\n"})
"""
EDITABLE = """

def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, {"_lib.pth": os.getcwd() + "\\n"})
"""
IN_TREE = '[build-system]\nrequires = {requires}\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def lib(folder: Path, backend: str = BACKEND, *, requires: str = "[]", text: str = "VALUE = 1\n") -> Path:
    """Make a project with a backend of its own, which no file describes."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(IN_TREE.format(requires=requires), "utf-8")
    (folder / "backend.py").write_text(backend, "utf-8")
    (folder / "lib.py").write_text(text, "utf-8")
    return folder


def told_lib(folder: Path, backend: str = BACKEND, *, name: str = "lib") -> Path:
    """Make a project whose metadata a file tells, so that nothing is built before it is installed."""
    lib(folder, backend.replace('NAME, VERSION = "lib"', f'NAME, VERSION = "{name}"'))
    (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n")
    return folder


def archive_bytes(folder: Path, name: str = "lib") -> bytes:
    """Return an archive of a project."""
    return pack({f"{name}-1.0/{path.name}": path.read_bytes() for path in folder.iterdir() if path.is_file()})


def archive_of(folder: Path, file: Path) -> Path:
    """Write an archive of a project."""
    file.write_bytes(archive_bytes(folder))
    return file


def direct_url(project: Path, name: str = "lib") -> object:
    """Return where an installed project comes from, as its environment notes it."""
    (file,) = site_packages(project).glob(f"{name}-*.dist-info/direct_url.json")
    return json.loads(file.read_text())
