"""Chapbook built by its own backend against Chapbook built by hatchling: the same files with the same content."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import packaging
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ROOTS = {"chapbook_core": "core", "chapbook_kernelspec": "kernelspec", "chapbook": "extension"}
SHARED = "kernelspec/share/jupyter/kernels/chapbook"
CONFIGURATION = "extension/jupyter-config"
SCRIPT = "core/compile_swift.py"
LIBRARY = "libswift.so"
"""What the script makes, which hatchling has no part in."""
THEIRS = f"""
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
packages = {[f"{root}/{name}" for name, root in ROOTS.items()]}
[tool.hatch.build.targets.wheel.shared-data]
"{SHARED}" = "share/jupyter/kernels/chapbook"
"{CONFIGURATION}" = "etc/jupyter/jupyter_server_config.d"
"""

pytestmark = pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="needs hatchling")


def built(folder: Path, code: str, system: str = "") -> Path:
    """Build what the project file says, or what it says of the project with another build system."""
    folder.mkdir()
    for name, root in ROOTS.items():
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", LIBRARY)
        shutil.copytree(ROOT / root / name, folder / root / name, ignore=ignored)
    for data in (SHARED, CONFIGURATION):
        shutil.copytree(ROOT / data, folder / data)
    for name in ("README.md", "LICENSE", SCRIPT):
        shutil.copy(ROOT / name, folder / name)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    if system:
        text = text[text.index("[project]") : text.index("\n[tool.")] + system
    (folder / "pyproject.toml").write_text(text, "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["core", str(Path(packaging.__file__).parents[1])])}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True, capture_output=True)
    return folder


def test_our_backend_builds_us_as_hatchling_does(tmp_path: Path) -> None:
    code = "import {0} as backend; backend.build_wheel('out')"
    ours = built(tmp_path / "ours", code.format("chapbook_core.builder.backend"))
    theirs = built(tmp_path / "theirs", code.format("hatchling.build"), THEIRS)
    wheels = [zipfile.ZipFile(next((folder / "out").glob("*.whl"))) for folder in (ours, theirs)]
    own = {"METADATA", "WHEEL", "RECORD", "entry_points.txt"}
    contents = [
        {name: wheel.read(name) for name in wheel.namelist() if name.rpartition("/")[2] not in own} for wheel in wheels
    ]
    made = contents[0].pop(f"chapbook_core/installer/{LIBRARY}", None)
    assert (made is not None) is (shutil.which("cc") is not None)
    assert contents[1].keys() == contents[0].keys()
    assert contents[1] == contents[0]
    texts = [Parser().parsestr(wheel.read("chapbook-0.1.0.dist-info/METADATA").decode()) for wheel in wheels]
    for field in ("Name", "Version", "Summary", "License-Expression", "License-File", "Classifier", "Requires-Python"):
        assert texts[1].get_all(field) == texts[0].get_all(field)
    assert str(texts[1].get_payload()).strip() == str(texts[0].get_payload()).strip()
    assert {Requirement(text) for text in texts[1].get_all("Requires-Dist", [])} == {
        Requirement(text) for text in texts[0].get_all("Requires-Dist", [])
    }


def test_an_editable_installation_of_us_has_three_roots(tmp_path: Path) -> None:
    code = "import chapbook_core.builder.backend as backend; backend.build_editable('editable')"
    ours = built(tmp_path / "ours", code)
    with zipfile.ZipFile(next((ours / "editable").glob("*.whl"))) as wheel:
        links = wheel.read("chapbook.pth").decode().splitlines()
    assert [str(ours / root) for root in ROOTS.values()] == links
