from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

HEAD = '[project]\nname = "Here"\nversion = "1"\nrequires-python = ">=3.11"\n'
NO_PACKAGE = "[tool.poetry]\npackage-mode = false\n"
PROJECT = (
    HEAD
    + 'dependencies = ["a", "only-windows; sys_platform == \'win32\'"]\n'
    + '[project.optional-dependencies]\nfast = ["c"]\n[dependency-groups]\ndev = ["d"]\n'
)
COMMIT = "0123456789012345678901234567890123456789"
DIRECT = f"""

[[package]]
name = "tree"
version = "1"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = []
develop = true

[package.source]
type = "directory"
url = "libs/tree"

[[package]]
name = "repository"
version = "1"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = []
develop = false

[package.source]
type = "git"
url = "https://example.org/repository.git"
reference = "HEAD"
resolved_reference = "{COMMIT}"
"""


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"], sdist=True, uploaded="2024-05-06T07:08:09Z")
        index.serve("b", "2.0", tags=["py3-none-any", "py2-none-any"])
        index.serve("c", "3.0")
        index.serve("d", "4.0", requires=["b"])
        index.serve("only-windows", "1.0")
        yield index


@pytest.fixture
def project(connected: Path) -> Path:
    return connected


def hashes(index: FakeIndex, *names: str) -> dict[str, str]:
    return {file.filename: file.sha256 for name in names for file in index.files(name)}


def locked(project: Path, chapbook: Chapbook, text: str = PROJECT + NO_PACKAGE) -> None:
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    outcome = chapbook("lock")
    assert outcome.status == 0, outcome.err


def with_direct_references(project: Path) -> None:
    """Put packages into the lock that come from no index."""
    file = project / "poetry.lock"
    head, metadata, tail = file.read_text("utf-8").rpartition("\n[extras]")
    file.write_text(head.rstrip("\n") + DIRECT + metadata + tail, encoding="utf-8")


def test_requirements_are_shown_for_the_project_itself(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    known = hashes(index, "a", "b", "only-windows")

    def lines(name: str) -> str:
        return " \\\n".join(
            f"    --hash=sha256:{one}" for one in sorted(v for k, v in known.items() if k.startswith(name))
        )

    assert chapbook("export").out == (
        f"a==1.0 \\\n{lines('a-')}\n"
        f"b==2.0 \\\n{lines('b-')}\n"
        f'only-windows==1.0 ; sys_platform == "win32" \\\n{lines("only_windows-")}\n'
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("", "a b only-windows"),
        ("--with dev", "a b d only-windows"),
        ("--only dev", "b d"),
        ("--all-groups --all-extras", "a b c d only-windows"),
        ("-E fast", "a b c only-windows"),
        ("--without main --with dev", "b d"),
    ],
)
def test_groups_and_extras_are_chosen(project: Path, chapbook: Chapbook, words: str, names: str) -> None:
    locked(project, chapbook)
    out = chapbook("export", "--without-hashes", *words.split()).out
    assert [line.partition("==")[0] for line in out.splitlines()] == names.split()


def test_an_unknown_group_is_named(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "--with", "dve")
    assert (outcome.status, outcome.out) == (1, "")
    assert "`dve`" in outcome.err


def test_a_file_is_written_over_and_named(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    (project / "out.txt").write_text("mine", encoding="utf-8")
    outcome = chapbook("export", "--without-hashes", "-o", "out.txt")
    assert (outcome.status, outcome.out, outcome.err) == (0, f"Wrote {project / 'out.txt'}\n", "")
    assert (project / "out.txt").read_text("utf-8").startswith("a==1.0\n")


def test_a_lock_is_needed_and_must_be_fresh(project: Path, chapbook: Chapbook) -> None:
    (project / "pyproject.toml").write_text(HEAD + NO_PACKAGE, encoding="utf-8")
    assert "hint: run `chapbook lock`" in chapbook("export").err
    locked(project, chapbook)
    (project / "pyproject.toml").write_text(HEAD + NO_PACKAGE, encoding="utf-8")
    outcome = chapbook("export", "-o", "out.txt")
    assert outcome.status == 1
    assert "does not belong to this pyproject.toml" in outcome.err
    assert not (project / "out.txt").exists()


def test_a_lock_of_a_former_format_has_to_be_written_anew(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    file = project / "poetry.lock"
    file.write_text(file.read_text("utf-8").replace('lock-version = "2.1"', 'lock-version = "2.0"'), encoding="utf-8")
    outcome = chapbook("export")
    assert outcome.status == 1
    assert "has the format 2.0" in outcome.err
    assert "hint: run `chapbook lock`" in outcome.err


def source(url: str, name: str = "mine", priority: str = "primary") -> str:
    return f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{url}"\npriority = "{priority}"\n'


def test_the_index_of_the_project_takes_the_place_of_pips(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    locked(project, chapbook, PROJECT + NO_PACKAGE + source(index.url))
    lines = chapbook("export", "--without-hashes").out.splitlines()
    host = index.origin.removeprefix("http://")
    assert lines[:3] == [f"--trusted-host {host}", f"--index-url {index.url.rstrip('/')}", ""]
    assert "index-url" not in chapbook("export", "--without-urls").out


def test_an_index_beside_the_default_one_is_an_extra_one(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    text = PROJECT + NO_PACKAGE.replace("\n", '\n[tool.poetry.dependencies]\na = {source = "mine"}\n', 1).replace(
        "package-mode = false\n", ""
    )
    text = text.replace("[tool.poetry]\n", "[tool.poetry]\npackage-mode = false\n")
    locked(project, chapbook, text + source(f"{index.elsewhere}/simple/", priority="explicit"))
    lines = chapbook("export", "--without-hashes").out.splitlines()
    assert lines[1] == f"--extra-index-url {index.elsewhere}/simple"


def test_credentials_are_written_only_when_asked_for(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_HTTP_BASIC_MINE_USERNAME", "ada")
    monkeypatch.setenv("POETRY_HTTP_BASIC_MINE_PASSWORD", "s3:cret/")
    locked(project, chapbook, PROJECT + NO_PACKAGE + source(index.url))
    for name in ("requirements.txt", "constraints.txt", "pylock.toml", "environment.yml", "Dockerfile", "poetry.lock"):
        out = chapbook("export", "-f", name).out
        assert out
        assert "cret/" not in out
        assert "cret%2F" not in out
    out = chapbook("export", "--with-credentials").out
    assert f"--index-url {index.url_with('ada', 's3%3Acret%2F').rstrip('/')}\n" in out
    assert chapbook("export", "-f", "binder", "--with-credentials").status == 2


def test_constraints_have_no_hashes(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    expected = 'a==1.0\nb==2.0\nonly-windows==1.0 ; sys_platform == "win32"\n'
    assert chapbook("export", "-f", "constraints.txt").out == expected


def test_what_has_no_hash_is_said_because_pip_wants_all_or_none(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    with_direct_references(project)
    outcome = chapbook("export")
    assert f"repository @ git+https://example.org/repository.git@{COMMIT}\n" in outcome.out
    assert "-e ./libs/tree\n" in outcome.out
    assert "no hash can be held against `repository`, `tree`" in outcome.err
    assert chapbook("export", "--without-hashes").err == ""
    assert "`tree` is left out" in chapbook("export", "-f", "constraints.txt").err


def test_a_pylock_holds_every_group_and_extra_with_the_files_of_the_index(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "pylock.toml")
    assert outcome.status == 0, outcome.err
    data = tomllib.loads((project / "pylock.toml").read_text("utf-8"))
    Pylock.from_dict(data)
    assert (data["extras"], data["dependency-groups"], data["default-groups"]) == (["fast"], ["dev"], [])
    assert data["requires-python"] == ">=3.11"
    entries = {entry["name"]: entry for entry in data["packages"]}
    assert {name: entry.get("marker") for name, entry in entries.items()} == {
        "a": None,
        "b": None,
        "c": '"fast" in extras',
        "d": '"dev" in dependency_groups',
        "only-windows": 'sys_platform == "win32"',
    }
    wheel, sdist = sorted(index.files("a"), key=lambda file: file.kind != "wheel")
    assert entries["a"]["sdist"]["hashes"] == {"sha256": sdist.sha256}
    assert entries["a"]["wheels"][0]["url"] == index.url_of(wheel)
    assert entries["a"]["wheels"][0]["size"] == wheel.size
    assert entries["a"]["wheels"][0]["upload-time"].isoformat() == "2024-05-06T07:08:09+00:00"
    assert [wheel["name"] for wheel in entries["b"]["wheels"]] == ["b-2.0-py2-none-any.whl", "b-2.0-py3-none-any.whl"]


def test_a_pylock_names_the_environments_of_the_project(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, PROJECT + NO_PACKAGE + "[tool.chapbook]\nenvironments = [\"sys_platform == 'win32'\"]\n")
    data = tomllib.loads(chapbook("export", "-f", "pylock.toml").out)
    assert data["environments"] == ['sys_platform == "win32"']
    assert not [entry["name"] for entry in data["packages"] if "sys_platform" in entry.get("marker", "")]


def test_a_pylock_needs_a_name_that_installers_know(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "lock.toml")
    assert outcome.status == 2
    assert "no installer would read `lock.toml`" in outcome.err
    assert chapbook("export", "-f", "pylock.toml", "-o", "pylock.test.toml").status == 0


def test_a_pylock_for_chosen_groups_leaves_no_choice(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    data = tomllib.loads(chapbook("export", "-f", "pylock.toml", "--only", "dev").out)
    assert [entry["name"] for entry in data["packages"]] == ["b", "d"]
    assert not {"extras", "dependency-groups"} & data.keys()


def test_a_file_that_the_index_has_changed_is_refused(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    file = project / "poetry.lock"
    text = file.read_text("utf-8")
    for name in ("a-1.0-py3", "b-2.0-py2"):
        digest = text.partition(f'file = "{name}')[2].partition("sha256:")[2][:64]
        text = text.replace(digest, "0" * 64)
    file.write_text(text.replace("c-3.0-py3", "c-3.0-py4"), encoding="utf-8")
    outcome = chapbook("export", "-f", "pylock.toml", "-o", "pylock.toml")
    assert outcome.status == 1
    assert outcome.err.startswith(
        "error: a 1.0: a-1.0-py3-none-any.whl has another sha256 than was locked\n"
        "error: b 2.0: b-2.0-py2-none-any.whl has another sha256 than was locked\n"
        "error: c 3.0: the index no longer has c-3.0-py4-none-any.whl\n"
        "hint: "
    )
    assert not (project / "pylock.toml").exists()


def test_an_environment_has_python_from_conda_and_the_rest_from_pip(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, PROJECT.replace(">=3.11", ">=3.11,<3.12") + NO_PACKAGE)
    assert chapbook("export", "-f", "environment.yml").out == (
        "name: here\n"
        "channels:\n"
        "  - conda-forge\n"
        "dependencies:\n"
        "  - python=3.11\n"
        "  - pip\n"
        "  - pip:\n"
        "      - a==1.0\n"
        "      - b==2.0\n"
        "      - 'only-windows==1.0 ; sys_platform == \"win32\"'\n"
    )


DOCKERFILE = """# syntax=docker/dockerfile:1
# Made by `chapbook export --format Dockerfile`; make it anew when the lock changes.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
COPY <<"REQUIREMENTS" /tmp/hashed.txt
c==3.0 \\
    --hash=sha256:HASH
REQUIREMENTS
RUN --mount=type=cache,target=/root/.cache/pip \\
    pip install --no-deps --require-hashes --requirement /tmp/hashed.txt

FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/venv /opt/venv
ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/here
COPY --chown=user . .
CMD ["python"]
"""


def test_an_image_is_made_of_hashed_packages_in_a_stage_of_their_own(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    text = HEAD.replace(">=3.11", "~=3.11.0") + 'dependencies = ["c"]\n' + NO_PACKAGE
    locked(project, chapbook, text)
    outcome = chapbook("export", "-f", "Dockerfile")
    assert outcome.out == DOCKERFILE.replace("HASH", index.files("c")[0].sha256)
    assert "`.dockerignore`" in outcome.err
    (project / ".dockerignore").write_text(".venv\n.git\n", encoding="utf-8")
    assert chapbook("export", "-f", "Dockerfile").err == ""


def test_the_image_of_a_package_has_it_installed_and_runs_its_script(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, HEAD + 'dependencies = ["c"]\n[project.scripts]\nserve = "here:main"\n')
    out = chapbook("export", "-f", "Dockerfile").out
    stages = out.split("\nFROM ")
    assert stages[1].splitlines()[-2:] == [
        "COPY . .",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps .",
    ]
    assert "COPY . ." not in stages[2]
    assert stages[2].splitlines()[-1] == 'CMD ["serve"]'


def test_what_has_no_hash_is_installed_apart_in_the_image(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    with_direct_references(project)
    out = chapbook("export", "-f", "Dockerfile").out
    assert "RUN apt-get update && apt-get install --yes --no-install-recommends git\n" in out
    apart = out.partition('COPY <<"REQUIREMENTS" /tmp/plain.txt\n')[2].partition("\nREQUIREMENTS")[0]
    assert apart.splitlines() == [f"repository @ git+https://example.org/repository.git@{COMMIT}", "./libs/tree"]
    file = project / "poetry.lock"
    file.write_text(file.read_text("utf-8").replace("libs/tree", "../tree"), encoding="utf-8")
    assert "`tree` comes from `../tree`, outside the project" in chapbook("export", "-f", "Dockerfile").err


def test_the_login_of_an_index_reaches_the_build_as_a_secret(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    locked(project, chapbook, PROJECT + NO_PACKAGE + source(index.url))
    out = chapbook("export", "-f", "Dockerfile").out
    assert "--mount=type=secret,id=netrc,target=/root/.netrc" in out
    assert f"--index-url {index.url.rstrip('/')}\n" in out


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


def test_the_lock_itself_is_a_format_too(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    assert chapbook("export", "-f", "poetry.lock").out == (project / "poetry.lock").read_text("utf-8")
