"""What Poetry's own validation finds, `check` finds too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.checked import HEAD, NO_PACKAGE, SOUND, poetry_finds, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.commands.conftest import Chapbook, Outcome

PROJECTS = sorted((Path(__file__).parents[2] / "data" / "projects").glob("[ps]*_*.toml"))
POETRYS = '[tool.poetry]\nname = "x"\nversion = "1"\n'
PYTHON = '[tool.poetry.dependencies]\npython = "^3.11"\n'
PACKAGE = '\n[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n[tool.poetry]\n'


def counts(outcome: Outcome) -> tuple[int, int]:
    levels = [line.partition(": ")[0] for line in outcome.err.splitlines()]
    return levels.count("error"), levels.count("warning")


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.stem)
def test_nothing_that_poetry_warns_of_is_missed(chapbook: Callable[..., Outcome], folder: Path, project: Path) -> None:
    write(folder, project.read_bytes())
    errors, warnings = counts(chapbook("check"))
    poetrys_errors, poetrys_warnings = poetry_finds(project.read_bytes())
    assert errors >= poetrys_errors
    assert warnings >= poetrys_warnings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + 'license = {file = "ok.md", text = "free"}\n' + NO_PACKAGE, "5: project.license: needs either"),
        (HEAD + "license = {}\n" + NO_PACKAGE, "5: project.license: needs either"),
        (
            HEAD + 'authors = [{name = "Jane", mail = "jane@example.org"}]\n' + NO_PACKAGE,
            "5: project.authors[0].mail: a person has `name` and `email`, and no `mail`",
        ),
        (
            HEAD + 'maintainers = [{name = "Jane", email = "at home"}]\n' + NO_PACKAGE,
            "5: project.maintainers[0].email: `at home` is not an address",
        ),
        (HEAD + '[project.urls]\ndocs = "example.org"\n' + NO_PACKAGE, "6: project.urls.docs: `example.org` is not a"),
        (HEAD + '[project.urls]\ndocs = "https://a.org/b c"\n' + NO_PACKAGE, "6: project.urls.docs: `https://a.org/b"),
        (POETRYS + 'homepage = "/"\n' + PYTHON, "4: tool.poetry.homepage: `/` is not a URL"),
        (
            HEAD + 'readme = {file = "ok.md", content-type = "text/markdown", charset = "utf-8"}\n' + NO_PACKAGE,
            "5: project.readme.charset: [project.readme] has no `charset`",
        ),
        (HEAD + "[project.entry-points.a-b]\n" + NO_PACKAGE, "5: project.entry-points.a-b: `a-b` is not the name of"),
        (SOUND + "[tool.poetry.group.dev]\n", "8: tool.poetry.group.dev: the group says nothing"),
        (POETRYS + 'description = "a\\nb"\n' + PYTHON, "4: tool.poetry.description: has more than one line"),
        (
            SOUND + '[tool.poetry.scripts]\na = {reference = "ok.md", type = "file", mode = 755}\n',
            "9: tool.poetry.scripts.a.mode: [tool.poetry.scripts.a] has no `mode`",
        ),
    ],
)
def test_what_poetry_refuses_is_an_error_with_its_place(
    chapbook: Chapbook, folder: Path, content: str, message: str
) -> None:
    (folder / "ok.md").touch()
    write(folder, content)
    assert poetry_finds(content.encode())[0] > 0
    outcome = chapbook("check")
    assert outcome.status == 1
    assert f"error: pyproject.toml:{message}" in outcome.err
    assert "\nhint: " in outcome.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            SOUND + 'requires-poetry = ">=3"\n',
            "error: pyproject.toml:8: tool.poetry.requires-poetry: Chapbook works as",
        ),
        (
            SOUND + '[tool.poetry.group.dev.dependencies]\nsix = {git = "example.org/six"}\n',
            "error: pyproject.toml: `six` is required from `example.org/six`: this is no address that git may be given",
        ),
        (
            SOUND + '[tool.poetry.group.dev.dependencies]\nsix = {url = "six.whl"}\n',
            "error: pyproject.toml: `six` is required from `six.whl`, which is not a URL",
        ),
        (
            HEAD + PACKAGE + 'packages = [{include = "x", form = "sdist"}]\n',
            "error: pyproject.toml:10: tool.poetry.packages[0].form: an entry has no `form`",
        ),
        (
            SOUND + '[[tool.poetry.source]]\nname = "a"\nurl = "here"\n',
            "error: pyproject.toml:10: tool.poetry.source[0].url: `here` is not a URL",
        ),
    ],
)
def test_what_every_other_command_of_poetry_refuses_is_an_error(
    chapbook: Chapbook, folder: Path, content: str, message: str
) -> None:
    write(folder, content)
    outcome = chapbook("check")
    assert outcome.status == 1
    assert outcome.err.startswith(message)
    assert "\nhint: " in outcome.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            HEAD + 'authors = [{name = "Doe, Jane"}]\n' + NO_PACKAGE,
            "warning: pyproject.toml:5: project.authors[0].name: `Doe, Jane` is read as several people",
        ),
        (
            HEAD + 'authors = [{name = "  "}]\n' + NO_PACKAGE,
            "error: pyproject.toml:5: project.authors[0].name: the name is empty",
        ),
        (
            HEAD + f'[project.urls]\n{"x" * 33} = "https://example.org"\n' + NO_PACKAGE,
            f"error: pyproject.toml:6: project.urls.{'x' * 33}: the label has 33 letters, and an index takes 32",
        ),
        (
            HEAD + '[project.entry-points.a]\nb = "nothing at all"\n' + NO_PACKAGE,
            "warning: pyproject.toml:6: project.entry-points.a.b: `nothing at all` names nothing that can be imported",
        ),
        (
            HEAD + 'description = "a\\nb"\n' + NO_PACKAGE,
            "warning: pyproject.toml:5: project.description: has more than one line",
        ),
    ],
)
def test_what_an_index_refuses_is_told_though_poetry_is_silent(
    chapbook: Chapbook, folder: Path, content: str, message: str
) -> None:
    write(folder, content)
    assert poetry_finds(content.encode()) == (0, 0)
    assert chapbook("check").err.startswith(message)


@pytest.mark.parametrize(
    "rest",
    [
        '[project.urls]\ndocs = "HTTPS://example.org"\nmail = "mailto:jane@example.org"\n',
        '[project.entry-points."a.b_c"]\nd = "e"\nf = "g.h:i.j [k]"\n',
        'authors = [{name = "Jané D."}, {email = "j.d+x@mail.example.org"}]\n',
        'license = {text = "free"}\n',
    ],
)
def test_what_is_right_is_no_error(chapbook: Chapbook, folder: Path, rest: str) -> None:
    write(folder, HEAD + rest + NO_PACKAGE)
    assert poetry_finds((HEAD + rest + NO_PACKAGE).encode())[0] == 0
    assert chapbook("check").status == 0


@pytest.mark.parametrize("option", ["--refresh", "--check"])
def test_who_locks_is_warned_of_the_former_development_group(chapbook: Chapbook, folder: Path, option: str) -> None:
    write(folder, SOUND + "[tool.poetry.dev-dependencies]\n")
    chapbook("lock")
    outcome = chapbook("lock", option)
    assert outcome.status == 0
    assert outcome.err == (
        "warning: pyproject.toml: tool.poetry.dev-dependencies: is the former way to write the group `dev`\n"
        "hint: move it to `dev` under [dependency-groups]\n"
    )
