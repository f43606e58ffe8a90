"""What is exported, and requirements above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.export_formats.exported import (
    COMMIT,
    HEAD,
    NO_PACKAGE,
    PROJECT,
    hashes,
    locked,
    source,
    with_direct_references,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


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


def test_the_lock_itself_is_a_format_too(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    assert chapbook("export", "-f", "poetry.lock").out == (project / "poetry.lock").read_text("utf-8")
