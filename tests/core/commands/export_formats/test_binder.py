"""Folders for Binder."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from tests.core.commands.export_formats.exported import (
    locked,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook


def test_a_folder_for_binder_registers_the_kernel_of_the_notebooks(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "-f", "binder")
    folder = project / ".binder"
    assert outcome.out == "".join(
        f"Wrote {folder / name}\n" for name in ("requirements.txt", "runtime.txt", "postBuild")
    )
    assert (folder / "runtime.txt").read_text("utf-8") == "python-3.11\n"
    assert "a==1.0 \\\n    --hash=" in (folder / "requirements.txt").read_text("utf-8")
    build = folder / "postBuild"
    assert '--name chapbook --display-name "Project (Chapbook)"' in build.read_text("utf-8")
    assert "pip install" not in build.read_text("utf-8")
    assert stat.S_IMODE(build.stat().st_mode) == 0o755
    assert chapbook("export", "-f", "binder").status == 0


def test_foreign_files_for_binder_are_left_alone(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    folder = project / ".binder"
    folder.mkdir()
    (folder / "postBuild").write_text("mine", encoding="utf-8")
    outcome = chapbook("export", "-f", "binder")
    assert outcome.status == 1
    assert f"Chapbook has not made `{folder / 'postBuild'}`" in outcome.err
    assert [path.name for path in folder.iterdir()] == ["postBuild"]
    assert chapbook("export", "-f", "binder", "--force").status == 0
    (folder / "environment.yml").write_text("mine", encoding="utf-8")
    assert f"Binder would follow `{folder / 'environment.yml'}`" in chapbook("export", "-f", "binder", "--force").err
