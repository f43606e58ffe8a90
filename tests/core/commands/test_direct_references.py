from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, cast

import pytest

from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def project(connected: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = connected / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def _require(project: Path, *requirements: str, tool: str = "", python: str = ">=3.11") -> None:
    listed = "\n".join(f"    {requirement!r}," for requirement in requirements)
    head = f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{python}"\n'
    (project / "pyproject.toml").write_text(f"{head}dependencies = [\n{listed}\n]\n\n{tool}", "utf-8")


def _require_poetry(project: Path, dependencies: str) -> None:
    head = '[tool.poetry]\nname = "here"\nversion = "1"\ndescription = ""\nauthors = []\n'
    text = f'{head}\n[tool.poetry.dependencies]\npython = ">=3.11,<4.0"\n{dependencies}\n'
    (project / "pyproject.toml").write_text(text, "utf-8")


def _lock(chapbook: Chapbook, project: Path, *options: str) -> dict[str, dict[str, object]]:
    outcome = chapbook("lock", *options)
    assert 0 == outcome.status, outcome.err
    data = tomllib.loads((project / "poetry.lock").read_text("utf-8"))
    packages = cast("list[dict[str, object]]", data["package"])
    assert len(packages) == len({package["name"] for package in packages})
    return {str(package["name"]): package for package in packages}


def _package(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def _standard(name: str, *dependencies: str, more: str = "") -> str:
    return f'[project]\nname = "{name}"\nversion = "2.0"\ndependencies = {list(dependencies)}\n{more}\n'


def git(folder: Path, *words: str) -> str:
    who = {f"GIT_{role}_{key}": "a@b" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **who}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _committed(folder: Path, message: str = "it") -> str:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch", "trunk")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


# Folders.


def test_a_folder_is_locked_with_what_it_requires(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.5")
    _package(
        project.parent / "lib",
        _standard("lib", "b>=1,<2", more='requires-python = ">=3.9"\ndescription = "Ours"'),
    )
    _require_poetry(project, 'lib = { path = "../lib", develop = true }')

    locked = _lock(chapbook, project)

    assert ["b", "lib"] == sorted(locked)
    assert {
        "name": "lib",
        "version": "2.0",
        "description": "Ours",
        "optional": False,
        "python-versions": ">=3.9",
        "groups": ["main"],
        "files": [],
        "develop": True,
        "dependencies": {"b": ">=1,<2"},
        "source": {"type": "directory", "url": "../lib"},
    } == locked["lib"]


def test_a_folder_of_a_poetry_project_keeps_the_words_of_its_author(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("b", "1.5")
    index.serve("c", "1.0")
    index.serve("unwanted", "1.0")
    _package(
        project / "libs" / "lib",
        '[tool.poetry]\nname = "Lib"\nversion = "1.0"\ndescription = ""\nauthors = []\n'
        '[tool.poetry.dependencies]\npython = "^3.9"\nb = "^1.2"\nc = { version = "~1.0", optional = true }\n'
        '[tool.poetry.extras]\nx = ["c"]\n'
        '[tool.poetry.group.dev.dependencies]\nunwanted = "*"\n',
    )
    _require_poetry(project, 'lib = { path = "libs/lib", extras = ["x"] }')

    lib = _lock(chapbook, project)["lib"]

    assert "^3.9" == lib["python-versions"]
    assert {"b": "^1.2", "c": {"version": "~1.0", "optional": True}} == lib["dependencies"]
    assert {"x": ["c (>=1.0,<1.1)"]} == lib["extras"]
    assert {"type": "directory", "url": "libs/lib"} == lib["source"]
    assert lib["develop"] is False


def test_paths_in_a_required_folder_are_relative_to_it(project: Path, chapbook: Chapbook) -> None:
    deep = '[tool.poetry]\nname = "{}"\nversion = "1.0"\ndescription = ""\nauthors = []\n[tool.poetry.dependencies]\n{}'
    _package(project / "libs" / "a", deep.format("a", 'b = { path = "../b" }'))
    _package(project / "libs" / "b", deep.format("b", 'c = { path = "deeper/c", develop = true }'))
    _package(project / "libs" / "b" / "deeper" / "c", deep.format("c", 'a = { path = "../../../a" }'))
    _require_poetry(project, 'a = { path = "libs/a" }\nb = { path = "./libs/b" }')

    locked = _lock(chapbook, project)

    sources = {name: cast("dict[str, str]", package["source"])["url"] for name, package in locked.items()}
    assert {"a": "libs/a", "b": "libs/b", "c": "libs/b/deeper/c"} == sources
    assert {"b": {"path": "../b"}} == locked["a"]["dependencies"]


def test_a_changed_folder_is_read_again(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    lib = _package(project / "lib", _standard("lib"))
    _require(project, "lib @ file:lib")
    assert ["lib"] == sorted(_lock(chapbook, project))

    _package(lib, _standard("lib", "b", more='description = "Other"\nrequires-python = ">=3.8"'))
    locked = _lock(chapbook, project)

    assert ["b", "lib"] == sorted(locked)
    assert ("Other", ">=3.8") == (locked["lib"]["description"], locked["lib"]["python-versions"])


def test_a_folder_wins_over_the_index_whoever_requires_it(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["lib>=1"])
    index.serve("lib", "9.0")
    _package(project / "lib", _standard("lib"))
    _require(project, "a", "lib @ file:lib")

    locked = _lock(chapbook, project)

    assert {"type": "directory", "url": "lib"} == locked["lib"]["source"]
    assert not any("/lib/" in request.path for request in index.requests)


def test_a_folder_in_a_version_that_nobody_wants_is_a_conflict(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["lib<2"])
    _package(project / "lib", _standard("lib"))
    _require(project, "a", "lib @ file:lib")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "lib" in outcome.err
    assert "Traceback" not in outcome.err


def test_a_folder_that_tells_nothing_is_built(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    lib = _package(
        project / "lib",
        '[project]\nname = "lib"\ndynamic = ["version"]\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    )
    (lib / "backend.py").write_text(
        "import os\n"
        "def prepare_metadata_for_build_wheel(folder, settings=None):\n"
        "    os.mkdir(os.path.join(folder, 'lib.dist-info'))\n"
        "    with open(os.path.join(folder, 'lib.dist-info', 'METADATA'), 'w') as file:\n"
        "        file.write('Metadata-Version: 2.1\\nName: lib\\nVersion: 7\\nRequires-Dist: b\\n')\n"
        "    return 'lib.dist-info'\n"
    )
    _require(project, "lib @ file:lib")

    assert "7" == _lock(chapbook, project)["lib"]["version"]

    outcome = chapbook("lock", "--no-build", "--no-cache")
    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib`" in outcome.err
    assert "`--no-build` forbids that" in outcome.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such file or folder"),
        (_standard("other"), "it is the project `other`"),
        ("[project", "lib"),
        ('[tool.poetry]\npackage-mode = false\nname = "lib"\nversion = "1"', "it is no package"),
        ("[tool.ruff]\n", "lib"),
    ],
)
def test_a_folder_that_is_not_what_is_required_is_told(
    project: Path, chapbook: Chapbook, text: str | None, words: str
) -> None:
    if text is not None:
        _package(project / "lib", text)
    _require(project, "lib @ file:lib")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib`" in outcome.err
    assert words in outcome.err
    assert "Traceback" not in outcome.err


# Files and addresses.


def _file(index: FakeIndex, name: str, folder: Path) -> Path:
    (file,) = index.files(name)
    path = folder / file.filename
    path.write_bytes(file.body)
    return path


def test_a_wheel_on_this_machine_is_locked_with_its_hash(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    index.serve("lib", "3.0", requires=["b"], python=">=3.8", summary="Ours")
    path = _file(index, "lib", project)
    _require(project, f"lib @ file:{path.name}")

    lib = _lock(chapbook, project)["lib"]

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
    _require(project, f"lib @ {url}")

    lib = _lock(chapbook, project)["lib"]

    digest = hashlib.sha256(file.body).hexdigest()
    assert [{"file": file.filename, "hash": f"sha256:{digest}"}] == lib["files"]
    assert {"type": "url", "url": url} == lib["source"]
    assert {"b": "*"} == lib["dependencies"]


def test_a_locked_address_is_not_asked_again(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    _require(project, f"lib @ {index.url_of(file)}")
    before = _lock(chapbook, project)
    index.reset_counts()
    _require(project, f"lib @ {index.url_of(file)}", python=">=3.12")

    assert before["lib"] == _lock(chapbook, project)["lib"]
    assert [] == index.requests
    assert before["lib"] == _lock(chapbook, project, "--offline", "--regenerate")["lib"]
    _lock(chapbook, project, "--regenerate")
    assert 1 == len(index.requests)


def test_a_file_that_is_not_what_its_address_says_is_refused(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    _require(project, f"lib @ {index.url_of(file)}#sha256={'0' * 64}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "wrong sha256" in outcome.err


def test_a_folder_inside_an_archive_is_read(project: Path, chapbook: Chapbook) -> None:
    (project / "all.tar.gz").write_bytes(pack({"all/lib/pyproject.toml": _standard("lib").encode(), "all/x": b""}))
    _require(project, "lib @ file:all.tar.gz#subdirectory=lib")

    lib = _lock(chapbook, project)["lib"]

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
    _require(project, "lib @ file:lib-1.tar.gz")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "`lib` cannot be had from `lib-1.tar.gz`" in outcome.err
    assert words in outcome.err
    assert not (project / "poetry.lock").exists()
    assert not list(project.parent.rglob("evil"))


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
    _require(project, requirement.format(url=index.url))

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert words in outcome.err
    assert "s3cret" not in outcome.err
    assert "Traceback" not in outcome.err


def test_a_release_on_an_index_may_require_an_address(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("lib", "3.0")
    (file,) = index.files("lib")
    index.serve("a", "1.0", requires=[f"lib @ {index.url_of(file)} ; python_version >= '3'"])
    _require(project, "a")

    locked = _lock(chapbook, project)

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
    _require(project, "a")

    assert "1.0" == _lock(chapbook, project)["a"]["version"]


# Repositories.


@needs_git
@pytest.mark.parametrize(
    ("keys", "reference"),
    [("", "HEAD"), (', branch = "topic"', "topic"), (', tag = "v1"', "v1"), (', rev = "v1"', "v1")],
)
def test_a_repository_is_locked_at_its_commit(
    project: Path, index: FakeIndex, chapbook: Chapbook, keys: str, reference: str
) -> None:
    index.serve("b", "1.0")
    upstream = _package(project.parent / "upstream", _standard("lib", "b"))
    commit = _committed(upstream)
    git(upstream, "tag", "v1")
    git(upstream, "branch", "topic")
    _require_poetry(project, f'lib = {{ git = "{upstream.as_uri()}"{keys} }}')

    lib = _lock(chapbook, project)["lib"]

    expected = {"type": "git", "url": upstream.as_uri(), "reference": reference, "resolved_reference": commit}
    assert expected == lib["source"]
    assert [] == lib["files"]
    assert lib["develop"] is False
    assert {"b": "*"} == lib["dependencies"]


@needs_git
def test_the_locked_commit_stays_until_all_is_chosen_anew(project: Path, chapbook: Chapbook) -> None:
    upstream = _package(project.parent / "upstream", _standard("lib"))
    before = _committed(upstream)
    _require(project, f"lib @ git+{upstream.as_uri()}@trunk")
    _lock(chapbook, project)
    _package(upstream, _standard("lib", more='description = "Newer"'))
    after = _committed(upstream)
    _require(project, f"lib @ git+{upstream.as_uri()}@trunk", python=">=3.12")

    def resolved(*options: str) -> str:
        return cast("dict[str, str]", _lock(chapbook, project, *options)["lib"]["source"])["resolved_reference"]

    assert before == resolved()
    assert after == resolved("--regenerate")


@needs_git
def test_a_path_inside_a_repository_stays_in_the_repository(project: Path, chapbook: Chapbook) -> None:
    poetry = '[tool.poetry]\nname = "a"\nversion = "1"\ndescription = ""\nauthors = []\n[tool.poetry.dependencies]\n'
    upstream = project.parent / "upstream"
    _package(upstream / "packages" / "a", f'{poetry}b = {{ path = "../b" }}\n')
    _package(upstream / "packages" / "b", _standard("b"))
    commit = _committed(upstream)
    _require(project, f"a @ git+{upstream.as_uri()}#subdirectory=packages/a")

    locked = _lock(chapbook, project)

    place = {"type": "git", "url": upstream.as_uri(), "reference": "HEAD", "resolved_reference": commit}
    assert {**place, "subdirectory": "packages/a"} == locked["a"]["source"]
    assert {**place, "subdirectory": "packages/b"} == locked["b"]["source"]


@needs_git
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("@nowhere", "it has no revision `nowhere`"),
        ("@--upload-pack=x", "is no name"),
        ("#subdirectory=x", "no folder"),
    ],
)
def test_a_reference_that_is_not_there_is_told(project: Path, chapbook: Chapbook, reference: str, words: str) -> None:
    upstream = _package(project.parent / "upstream", _standard("lib"))
    _committed(upstream)
    _require(project, f"lib @ git+{upstream.as_uri()}{reference}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert f"`lib` cannot be had from {upstream.as_uri()}" in outcome.err
    assert words in outcome.err


@needs_git
def test_a_repository_that_is_not_there_is_told(project: Path, chapbook: Chapbook) -> None:
    _require(project, f"lib @ git+{(project / 'nowhere').as_uri()}")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "it cannot be fetched" in outcome.err


def test_a_project_with_wheels_alone_loads_nothing_of_this(project: Path, index: FakeIndex) -> None:
    index.serve("a", "1.0", tags=("cp311-cp311-manylinux_2_17_x86_64",))
    _require(project, "a")
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


# The project itself.


def test_a_package_that_requires_the_project_gets_the_project(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("plugin", "1.0", requires=["here[more]>=1"])
    index.serve("here", "9.0", requires=["wrong"])
    index.serve("b", "1.0")
    index.serve("c", "1.0")
    more = '[project.optional-dependencies]\nmore = ["c"]\n[dependency-groups]\ndev = ["plugin"]\n'
    _require(project, "b", tool=more)

    locked = _lock(chapbook, project)

    assert ["b", "c", "plugin"] == sorted(locked)
    assert ["main"] == locked["b"]["groups"] == locked["c"]["groups"]
    assert not any("/here/" in request.path for request in index.requests)


def test_a_package_that_requires_another_version_of_the_project_is_a_conflict(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("plugin", "1.0", requires=["here>=2"])
    _require(project, "plugin")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "here" in outcome.err


def test_a_folder_that_requires_the_project_gets_the_project(project: Path, chapbook: Chapbook) -> None:
    _package(
        project / "lib",
        '[tool.poetry]\nname = "lib"\nversion = "1"\ndescription = ""\nauthors = []\n'
        '[tool.poetry.dependencies]\nhere = { path = ".." }\n',
    )
    _require(project, "lib @ file:lib")

    assert ["lib"] == sorted(_lock(chapbook, project))


# Releases that are not wheels, and wheels that are for others.


def test_a_release_that_tells_nothing_is_built_and_said_so(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("b", "1.0")
    index.serve("a", "1.0", requires=["b"], sdist="dynamic-only", build_log=str(log))
    _require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert "a 1.0 tells what it requires only to its build backend; building it" in outcome.err
    assert ["get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"] == log.read_text().split()
    chapbook("lock", "--regenerate")
    assert 2 == len(log.read_text().split())


@pytest.mark.parametrize("way", ["option", "setting"])
def test_no_build_runs_when_it_is_forbidden(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", sdist="dynamic-only", build_log=str(project / "log"))
    _require(project, "a")
    if way == "setting":
        monkeypatch.setenv("CHAPBOOK_INSTALLER_ONLY_BINARY", "a")

    locked = _lock(chapbook, project, *(["--no-build"] if way == "option" else []))

    assert "1.0" == locked["a"]["version"]
    assert not (project / "log").exists()


def test_a_release_whose_build_fails_is_passed_over_and_its_words_are_shown(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    members = {
        "a-2.0/PKG-INFO": b"Metadata-Version: 1.1\nName: a\nVersion: 2.0\n",
        "a-2.0/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n',
        "a-2.0/b.py": b"raise SystemExit('there is no compiler')",
    }
    index.add_file("a", "a-2.0.tar.gz", pack(members))
    _require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert "there is no compiler" in outcome.err
    assert "1.0" == _lock(chapbook, project)["a"]["version"]


@pytest.mark.parametrize("tag", ["cp27-cp27mu-manylinux1_x86_64", "py2-none-any", "cp39-cp39-win_amd64"])
def test_a_release_whose_files_fit_nowhere_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook, tag: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=(tag,))
    _require(project, "a")

    assert "1.0" == _lock(chapbook, project)["a"]["version"]


def test_a_release_whose_files_fit_no_environment_of_the_project_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=("cp311-cp311-macosx_11_0_arm64",))
    _require(project, "a", tool="[tool.chapbook]\nenvironments = [\"sys_platform == 'linux'\"]\n")

    assert "1.0" == _lock(chapbook, project)["a"]["version"]


def test_when_no_release_has_a_file_that_fits_that_is_the_story(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "2.0", tags=("cp27-cp27mu-manylinux1_x86_64",))
    _require(project, "a")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "no wheel for any Python and platform of the project" in outcome.err
