"""Modules in an environment that bear the names of our own are never imported by our processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.index import FakeIndex

_HOUSE = Path(__file__).parents[2]
_NAMES = ("chapbook_core", "json", "packaging", "sitecustomize", "tomlkit", "virtualenv")
_COMMANDS = (
    ["add", *(f"evil-{name.replace('_', '-')}" for name in _NAMES)],
    ["install", "--compile"],
    ["show"],
    ["status"],
    ["update"],
    ["lock"],
    ["check", "--imports"],
    ["sync"],
    ["remove", "evil-json"],
    ["undo"],
    ["export"],
    ["why", "evil-tomlkit"],
    ["find-module", "tomlkit"],
)


def test_nothing_is_imported_from_the_environment_that_is_changed(tmp_path: Path) -> None:
    canary, project = tmp_path / "canary", tmp_path / "project"
    project.mkdir()
    python = f">={sys.version_info[0]}.{sys.version_info[1]}"
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{python}"\n[tool.poetry]\npackage-mode = false\n'
    )
    with FakeIndex() as index:
        for name in _NAMES:
            code = f"open({str(canary)!r}, 'a').write(__name__)\n"
            index.serve(f"evil-{name.replace('_', '-')}", "1.0", files={f"{name}.py": code})
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(_HOUSE / "core"),
            "PIP_INDEX_URL": index.url,
            "CHAPBOOK_CACHE_DIR": str(tmp_path / "cache"),
        }
        for words in _COMMANDS:
            command = [sys.executable, "-m", "chapbook_core.cli", *words]
            ended = subprocess.run(command, cwd=project, env=variables, capture_output=True, check=False, text=True)
            assert ended.returncode == 0, ended.stderr
    assert not canary.exists()
    program = project / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run([program, "-c", "pass"], check=True)
    assert canary.read_text() == "sitecustomize"
