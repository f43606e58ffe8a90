"""Distributions of Poetry's own backend against ours: the same files, the same metadata, the same entry points.

Where ours differ on purpose, `WANTED` says in what, and why.
"""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from poetry.core.factory import Factory
from poetry.core.masonry.builders.sdist import SdistBuilder
from poetry.core.masonry.builders.wheel import WheelBuilder

from chapbook_core.builder.distribution import read_distribution
from chapbook_core.builder.sdist import build_sdist
from chapbook_core.builder.wheel import build_wheel
from tests.interop.package_projects import PROJECTS, Project

if TYPE_CHECKING:
    from pathlib import Path

WANTED: dict[tuple[str, str], str] = {
    ("description of lines", "METADATA"): "a Summary is one line; theirs ends the headers in the middle",
    ("description of lines", "PKG-INFO"): "likewise",
    ("import names", "METADATA"): "PEP 794 is honoured when a project asks for it",
    ("import names", "PKG-INFO"): "likewise",
    ("more classifiers", "METADATA"): "PEP 808: a list that is also dynamic is added to",
    ("more classifiers", "PKG-INFO"): "likewise",
    ("links in the package", "wheel"): "a link is packed under its own name; theirs loses it",
    ("links in the package", "sdist"): "likewise",
    ("choice of versions", "METADATA"): "theirs writes `||`, which is no specifier, and which indexes refuse",
    ("choice of versions", "PKG-INFO"): "likewise",
    ("all but one version", "METADATA"): "theirs writes `||` here too",
    ("all but one version", "PKG-INFO"): "likewise",
    ("joined versions", "METADATA"): "likewise",
    ("joined versions", "PKG-INFO"): "likewise",
    ("never", "METADATA"): "theirs drops a condition that nothing meets, and requires the package always",
    ("never", "PKG-INFO"): "likewise",
    ("ignored by git, not in ASCII", "wheel"): "theirs takes the quotes of git for part of the name",
    ("ignored by git, not in ASCII", "sdist"): "likewise",
    ("two runs of Pythons", "METADATA"): "theirs lets Python 3.9 in, for the sake of the pre-releases of 3.9.0",
    ("two runs of Pythons", "PKG-INFO"): "likewise",
    ("all Pythons but a family", "METADATA"): "theirs lets Python 3.8 in likewise",
    ("all Pythons but a family", "PKG-INFO"): "likewise",
    ("script by its first spelling", "entry points"): "theirs drops the script without a word",
    ("script by its first spelling", "wheel"): "likewise",
    ("setup file without a build script", "sdist content"): "what it requires stands in pyproject.toml alone",
}


def parts(folder: Path) -> dict[str, object]:
    """Return everything that both must agree on."""
    (wheel_path,) = folder.glob("*.whl")
    (sdist_path,) = folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel_path) as wheel:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in wheel.infolist()}
        texts = {name: wheel.read(name).decode("utf-8", "replace") for name in wheel.namelist()}
    with tarfile.open(sdist_path) as sdist:
        kept = {member.name: (member.mode, member.type, member.mtime) for member in sdist.getmembers()}
        sources = {name: stream.read() for name in kept if (stream := sdist.extractfile(name))}
    information = {name.rpartition("/")[2]: text for name, text in texts.items() if ".dist-info/" in name}
    ours = {name for name in texts if name.rpartition("/")[2] in {"METADATA", "WHEEL", "RECORD", "entry_points.txt"}}
    return {
        "names": (wheel_path.name, sdist_path.name),
        "wheel": modes,
        "wheel content": {name: text for name, text in texts.items() if name not in ours},
        "METADATA": information["METADATA"],
        "entry points": information.get("entry_points.txt"),
        "WHEEL": [line for line in information["WHEEL"].splitlines() if not line.startswith("Generator")],
        "sdist": kept,
        "sdist content": {name: content for name, content in sources.items() if not name.endswith("/PKG-INFO")},
        "PKG-INFO": next(content.decode() for name, content in sources.items() if name.endswith("/PKG-INFO")),
    }


@pytest.mark.parametrize("name", PROJECTS)
def test_the_distributions_of_a_project_are_those_of_poetry_or_better(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    project = tmp_path / "project"
    project.mkdir()
    PROJECTS[name].write(project)
    _make_repository(PROJECTS[name], project)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(project)
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    poetry = Factory().create_poetry(project, with_groups=False)
    SdistBuilder(poetry).build(theirs)
    WheelBuilder(poetry).build(theirs)
    distribution = read_distribution(project, {})
    build_sdist(distribution, ours)
    build_wheel(distribution, ours)
    expected, actual = parts(theirs), parts(ours)
    wanted = {part for case, part in WANTED if case == name}
    left = [part for part in expected if part not in wanted and part.removesuffix(" content") not in wanted]
    assert {part: expected[part] for part in left} == {part: actual[part] for part in left}
    assert not [part for part in wanted if expected[part] == actual[part]], "a wanted difference is gone"


def _make_repository(project: Project, folder: Path) -> None:
    if project.git is None:
        return
    (folder / ".gitignore").write_text(project.git, "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
