"""Requirements of files, here and at addresses."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

from tests.core.commands.references import lock, require, standard
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(among_others: Path) -> Path:
    return among_others


def _file(index: FakeIndex, name: str, folder: Path) -> Path:
    (file,) = index.files(name)
    path = folder / file.filename
    path.write_bytes(file.body)
    return path


def test_a_wheel_on_this_machine_is_locked_with_its_hash(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    index.serve("lib", "3.0", requires=["b"], python=">=3.8", summary="Ours")
    path = _file(index, "lib", project)
    require(project, f"lib @ file:{path.name}")

    lib = lock(chapbook, project)["lib"]

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [{"file": path.name, "hash": f"sha256:{digest}"}] == lib["files"]
    assert {"type": "file", "url": path.name} == lib["source"]
    assert {"b": "*"} == lib["dependencies"]
    assert "develop" not in lib


@pytest.mark.parametrize("kind", ["only", "dynamic-only"])
def test_an_archive_at_an_address_is_locked_with_its_hash(
    project: Path, index: FakeIndex, chapbook: Chapbook, kind: str
) -> None:
    index.serve("b", "1.0")
    index.serve("lib", "3.0", requires=["b"], sdist=kind)  # type: ignore[arg-type]  # one of its kinds
    (file,) = index.files("lib")
    url = index.url_of(file)
    require(project, f"lib @ {url}")

    lib = lock(chapbook, project)["lib"]

    digest = hashlib.sha256(file.body).hexdigest()
    assert [{"file": file.filename, "hash": f"sha256:{digest}"}] == lib["files"]
    assert {"type": "url", "url": url} == lib["source"]
    assert {"b": "*"} == lib["dependencies"]


def test_a_locked_address_is_not_asked_again(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    require(project, f"lib @ {index.url_of(file)}")
    before = lock(chapbook, project)
    index.reset_counts()
    require(project, f"lib @ {index.url_of(file)}", python=">=3.12")

    assert before["lib"] == lock(chapbook, project)["lib"]
    assert [] == index.requests
    assert before["lib"] == lock(chapbook, project, "--offline", "--regenerate")["lib"]
    lock(chapbook, project, "--regenerate")
    assert 1 == len(index.requests)


def test_a_file_that_is_not_what_its_address_says_is_refused(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    require(project, f"lib @ {index.url_of(file)}#sha256={'0' * 64}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "wrong sha256" in outcome.err


def test_a_folder_inside_an_archive_is_read(project: Path, chapbook: Chapbook) -> None:
    (project / "all.tar.gz").write_bytes(pack({"all/lib/pyproject.toml": standard("lib").encode(), "all/x": b""}))
    require(project, "lib @ file:all.tar.gz#subdirectory=lib")

    lib = lock(chapbook, project)["lib"]

    assert {"type": "file", "url": "all.tar.gz", "subdirectory": "lib"} == lib["source"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"lib-1/../../evil": b"x", "lib-1/setup.py": b""}, "leads out of the archive"),
        ({"lib-1/PKG-INFO": b"Metadata-Version: 2.2\nName: other\nVersion: 1\n"}, "it is the project `other`"),
        (
            {"lib-1/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = [".."]\n'},
            "leads out of its source tree",
        ),
        ({"lib-1/nothing": b""}, "neither a pyproject.toml nor a setup.py"),
    ],
)
def test_a_hostile_archive_is_refused(project: Path, chapbook: Chapbook, members: dict[str, bytes], words: str) -> None:
    (project / "lib-1.tar.gz").write_bytes(pack(members))
    require(project, "lib @ file:lib-1.tar.gz")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib-1.tar.gz`" in outcome.err
    assert words in outcome.err
    assert not (project / "poetry.lock").exists()
    assert not list(project.parent.rglob("evil"))


def test_a_file_that_is_no_archive_is_refused(project: Path, chapbook: Chapbook) -> None:
    require(project)
    (project / "notes.txt").write_text("some words")
    outcome = chapbook("add", "./notes.txt")
    assert 1 == outcome.status
    assert "`: it is neither a wheel nor an archive of sources\n" in outcome.err


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("lib @ {url}files/nowhere-1-py3-none-any.whl", "HTTP 404"),
        ("lib @ http://127.0.0.1:9/lib-1-py3-none-any.whl", "`lib` cannot be had from http://127.0.0.1:9/lib-1"),
        ("lib @ http://me:s3cret@127.0.0.1:9/lib-1-py3-none-any.whl", "`lib` cannot be had from http://127.0.0.1:9"),
        ("lib @ file:nowhere.whl", "there is no such file or folder"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(
    project: Path, index: FakeIndex, chapbook: Chapbook, requirement: str, words: str
) -> None:
    require(project, requirement.format(url=index.url))

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert words in outcome.err
    assert "s3cret" not in outcome.err
    assert "Traceback" not in outcome.err


def test_a_release_on_an_index_may_require_an_address(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    index.serve("a", "1.0", requires=[f"lib @ {index.url_of(file)} ; python_version >= '3'"])
    require(project, "a")

    locked = lock(chapbook, project)

    assert {"type": "url", "url": index.url_of(file)} == locked["lib"]["source"]
    assert {"url": index.url_of(file)} == {
        key: value
        for key, value in cast("dict[str, dict[str, str]]", locked["a"]["dependencies"])["lib"].items()
        if key == "url"
    }


@pytest.mark.parametrize("address", ["file:///etc/lib.whl", "{url}nowhere-1-py3-none-any.whl", "git+file:///etc/lib"])
def test_a_release_that_requires_what_cannot_be_had_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook, address: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", requires=[f"lib @ {address.format(url=index.url)}"])
    require(project, "a")

    assert "1.0" == lock(chapbook, project)["a"]["version"]


def test_a_project_with_wheels_alone_loads_nothing_of_this(project: Path, index: FakeIndex) -> None:
    index.serve("a", "1.0", tags=("cp311-cp311-manylinux_2_17_x86_64",))
    require(project, "a")
    code = (
        "import sys\n"
        "from chapbook_core.cli import main\n"
        "status = main(['lock'])\n"
        "parts = ('builder', 'commands.building', 'commands.direct', 'commands.reference', 'index.source_')\n"
        "print([name for name in sys.modules if name.removeprefix('chapbook_core.').startswith(parts)])\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project, check=True, capture_output=True, text=True)

    assert "[]" == done.stdout.splitlines()[-1]
