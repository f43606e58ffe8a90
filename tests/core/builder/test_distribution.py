from __future__ import annotations

import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder import generated
from chapbook_core.builder.cannot_build import CannotBuild
from chapbook_core.builder.distribution import read_distribution
from chapbook_core.builder.member import Member
from chapbook_core.builder.metadata import metadata_text
from chapbook_core.builder.sdist import build_sdist
from chapbook_core.builder.wheel import build_editable, build_wheel
from chapbook_core.errors import FileMistakes
from chapbook_core.project.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution
    from tests.core.builder.conftest import Sources

DYNAMIC = '[project]\nname = "spam"\nrequires-python = ">=3.11"\ndynamic = ["version"]\n'


def version(sources: Sources) -> str:
    return read_distribution(sources.folder, {}).version


def git(sources: Sources, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=sources.folder, check=True, capture_output=True)


def names(archive: Path) -> set[str]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


@pytest.mark.parametrize(
    ("content", "more", "expected"),
    [
        ('"""Doc."""\n__version__ = "1.2.dev0"\n', "", "1.2.dev0"),
        ("__version__: str = '2.0'\n", "", "2.0"),
        ("3.1\n", "", "3.1"),
        ("release is 4.5!\n", "pattern = 'is (\\S+)!'\n", "4.5"),
        ("v=1 w=2\n", "pattern = 'w=(?P<version>.)'\n", "2"),
    ],
)
def test_a_version_is_read_from_a_file(content: str, more: str, expected: str, sources: Sources) -> None:
    sources.write("spam/_version.py", content)
    sources.declare(f'[tool.chapbook.version]\nfile = "spam/_version.py"\n{more}', head=DYNAMIC)
    assert expected == version(sources)


def test_a_file_without_a_version_is_told(sources: Sources) -> None:
    sources.declare('[tool.chapbook.version]\nfile = "spam/__init__.py"\n', head=DYNAMIC)
    with pytest.raises(CannotBuild, match=r"no version is found in `spam/__init__\.py`"):
        version(sources)


def test_a_version_is_counted_from_the_tags_of_git(sources: Sources, tmp_path: Path) -> None:
    sources.declare("[tool.chapbook.version]\ngit = true\n", head=DYNAMIC)
    with pytest.raises(CannotBuild, match="git tells no version"):
        version(sources)
    git(sources, "init", "-q")
    git(sources, "add", ".")
    git(sources, "commit", "-qm", "one")
    git(sources, "tag", "v1.4.0")
    assert "1.4.0" == version(sources)
    sources.write("spam/more.py")
    git(sources, "add", ".")
    git(sources, "commit", "-qm", "two")
    assert version(sources).startswith("1.4.1.dev1+g")
    git(sources, "tag", "v2.0.0rc1")
    sources.write("spam/more.py", "x = 2\n")
    assert version(sources).startswith("2.0.0rc2.dev0+g")
    assert version(sources).endswith(".dirty")
    sources.declare("[tool.chapbook.version]\ngit = true\nlocal = false\n", head=DYNAMIC)
    sdist = build_sdist(read_distribution(sources.folder, {}), tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    assert "2.0.0rc2.dev0" == read_distribution(tmp_path / "spam-2.0.0rc2.dev0", {}).version


def test_data_goes_where_jupyter_looks_for_it(sources: Sources, tmp_path: Path) -> None:
    sources.write("jupyter/kernel.json", "{}")
    sources.write("jupyter/deep/logo.svg", "")
    sources.write("config/spam.json", "{}")
    sources.write("include/spam.h", "")
    sources.declare(
        '[tool.chapbook.data]\n"share/jupyter/kernels/spam" = "jupyter"\n"etc/jupyter/server" = ["config/*.json"]\n'
        '[tool.chapbook.headers]\n"" = "include/*.h"\n'
    )
    distribution = read_distribution(sources.folder, {})
    wheel = {name for name in names(build_wheel(distribution, tmp_path)) if ".data/" in name}
    assert {
        "spam-1.0.data/data/share/jupyter/kernels/spam/kernel.json",
        "spam-1.0.data/data/share/jupyter/kernels/spam/deep/logo.svg",
        "spam-1.0.data/data/etc/jupyter/server/spam.json",
        "spam-1.0.data/headers/spam.h",
    } == wheel
    sdist = names(build_sdist(distribution, tmp_path))
    assert {"jupyter/kernel.json", "jupyter/deep/logo.svg", "config/spam.json", "include/spam.h"} <= sdist


def test_an_editable_wheel_has_a_line_for_each_root(sources: Sources, tmp_path: Path) -> None:
    sources.write("one/a/__init__.py")
    sources.write("two/b/__init__.py")
    sources.write("two/c.py")
    sources.declare(
        '[tool.poetry]\npackages = [{ include = "a", from = "one" }, { include = "b", from = "two" }, '
        '{ include = "c.py", from = "two" }]\n'
    )
    wheel = build_editable(read_distribution(sources.folder, {}), tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        links = archive.read("spam.pth").decode().splitlines()
    assert [str(sources.folder / "one"), str(sources.folder / "two")] == links
    assert not any(name.endswith(".py") for name in names(wheel))


def test_a_wheel_from_the_source_distribution_is_the_same(sources: Sources, tmp_path: Path) -> None:
    sources.write("spam/data.json", "{}")
    sources.write("notes/a.txt", "n")
    sources.write("LICENSE", "l")
    sources.write("README.md", "# Spam\n")
    include = '[{ path = "notes/*", format = ["sdist", "wheel"] }]'
    sources.declare(f'readme = "README.md"\n[tool.poetry]\ninclude = {include}\n')
    distribution = read_distribution(sources.folder, {})
    first = build_wheel(distribution, tmp_path / "first")
    with tarfile.open(build_sdist(distribution, tmp_path)) as archive:
        archive.extractall(tmp_path, filter="data")
    second = build_wheel(read_distribution(tmp_path / "spam-1.0", {}), tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()


def test_generated_modules_join_every_archive(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generator(distribution: Distribution, kind: generated.Kind) -> Iterable[Member]:
        yield Member(f"{distribution.module}/made_for_{kind}.py", content=b"x = 1\n")

    (sources.folder / "spam" / "__init__.py").unlink()
    sources.write("spam/book.ipynb", "{}")
    monkeypatch.setattr(generated, "GENERATORS", (generator,))
    distribution = read_distribution(sources.folder, {})
    assert "spam/made_for_wheel.py" in names(build_wheel(distribution, tmp_path))
    assert {"spam/made_for_sdist.py", "spam/book.ipynb"} <= names(build_sdist(distribution, tmp_path))
    assert "spam/made_for_editable.py" in names(build_editable(distribution, tmp_path))


def test_a_build_script_makes_a_wheel_for_this_platform(sources: Sources, tmp_path: Path) -> None:
    sources.write("build.py", "open('spam/made.txt', 'w').write('made')\n")
    sources.declare('[tool.poetry.build]\nscript = "build.py"\n')
    wheel = build_wheel(read_distribution(sources.folder, {}), tmp_path)
    assert not wheel.name.endswith("-none-any.whl")
    assert "spam/made.txt" in names(wheel)
    with zipfile.ZipFile(wheel) as archive:
        assert "Root-Is-Purelib: false" in archive.read("spam-1.0.dist-info/WHEEL").decode()
    assert "build.py" in names(build_sdist(read_distribution(sources.folder, {}), tmp_path))


def test_an_editable_wheel_holds_the_scripts_that_commands_of_a_setup_file_write(
    sources: Sources, tmp_path: Path
) -> None:
    sources.declare(
        '[tool.poetry.scripts]\nrun = { reference = "spam/run.sh", type = "file" }\n'
        '[tool.poetry.build]\nscript = "build.py"\ngenerate-setup-file = true\n'
    )
    sources.write(
        "build.py",
        "from setuptools.command.build_py import build_py\n\n\nclass Writing(build_py):\n    def run(self):\n"
        '        open("spam/run.sh", "w").write("#!/bin/sh\\n")\n        super().run()\n\n\n'
        'def build(keywords):\n    keywords["cmdclass"] = {"build_py": Writing}\n',
    )
    with zipfile.ZipFile(build_editable(read_distribution(sources.folder, {}), tmp_path)) as wheel:
        assert "spam-1.0.data/scripts/run.sh" in wheel.namelist()


def test_a_build_script_that_fails_ends_the_build(sources: Sources, tmp_path: Path) -> None:
    sources.write("build.py", "raise SystemExit(3)\n")
    sources.declare('[tool.poetry.build]\nscript = "build.py"\n')
    with pytest.raises(CannotBuild, match=r"`build\.py` failed with status 3"):
        build_wheel(read_distribution(sources.folder, {}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_import_names_bring_the_metadata_version_that_has_them(sources: Sources) -> None:
    sources.declare('import-names = ["spam", "_spam; private"]\nimport-namespaces = ["acme"]\n')
    text = metadata_text(read_distribution(sources.folder, {}))
    assert text.startswith("Metadata-Version: 2.5\n")
    assert "Import-Name: spam\nImport-Name: _spam; private\nImport-Namespace: acme\n" in text


def test_a_local_version_takes_the_place_of_the_declared_one(sources: Sources) -> None:
    sources.declare(head='[project]\nname = "spam"\nversion = "1.0+old"\n')
    assert "1.0+cpu.1" == read_distribution(sources.folder, {}, local_version="cpu.1").version


@pytest.mark.parametrize(
    "groups",
    [
        "[dependency-groups]\ndev = [{include-group = 'nothere'}]\n",
        "[dependency-groups]\ndev = [{include-group = 'dev'}]\n",
        "[dependency-groups]\ndev = ['!!', 3, {unheard-of = 1}]\n\"\" = []\n",
        "[tool.poetry.group.dev]\ninclude-groups = ['nothere']\n",
    ],
)
def test_what_is_wrong_with_groups_keeps_no_package_from_being_built(
    groups: str, sources: Sources, tmp_path: Path
) -> None:
    sources.write("spam/__init__.py", "")
    sources.declare("[dependency-groups]\ndev = ['ruff']\n")
    told = metadata_text(read_distribution(sources.folder, {}))
    sources.declare(groups)
    assert told == metadata_text(read_distribution(sources.folder, {}))
    assert build_wheel(read_distribution(sources.folder, {}), tmp_path / "dist")
    # Whoever locks all groups needs them right.
    with pytest.raises(FileMistakes):
        read_manifest(sources.folder)
