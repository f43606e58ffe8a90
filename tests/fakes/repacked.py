"""Wheels of real build backends without any network: made again from what this Python has installed or carries."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import shutil
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

_LEFT_OUT = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"})


def carried_setuptools(folder: Path) -> Path:
    """Copy the newest setuptools that virtualenv carries along; skips the test where there is none."""
    found = importlib.util.find_spec("virtualenv")
    wheels = Path(str(found.origin)).parent.glob("seed/wheels/embed/setuptools-*.whl") if found is not None else ()
    newest = max(wheels, key=lambda path: [int(part) for part in path.name.split("-")[1].split(".")], default=None)
    if newest is None:
        pytest.skip("virtualenv carries no setuptools along")
    return Path(shutil.copy(newest, folder))


def repacked(name: str, folder: Path) -> Path:
    """Make the wheel of an installed pure distribution again; skips the test where it is not installed."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed beside the tests")
    members: dict[str, bytes] = {}
    for file in distribution.files or ():
        is_note = file.parent.name.endswith(".dist-info") and file.name in _LEFT_OUT
        if not is_note and ".." not in file.parts and file.suffix != ".pyc":
            members[file.as_posix()] = Path(str(file.locate())).read_bytes()
    (information,) = {top for path in members if (top := path.partition("/")[0]).endswith(".dist-info")}
    rows = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in members.items())
    members[f"{information}/RECORD"] = f"{rows}{information}/RECORD,,\n".encode()
    wheel = folder / f"{information.removesuffix('.dist-info')}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in members.items():
            archive.writestr(path, content)
    return wheel


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
