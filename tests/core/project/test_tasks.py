from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import FileMistakes
from chapbook_core.project.tasks import Task, in_order, read_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read(folder: Path, text: str) -> Mapping[str, Task]:
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.chapbook.tasks]\n{text}", encoding="utf-8")
    return read_tasks(tomllib.loads(file.read_text())["tool"]["chapbook"], file)


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("t = \"pytest -x 'a b'\"", (("pytest", "-x", "a b"),)),
        ('t = ["ruff check", "pytest"]', (("ruff", "check"), ("pytest",))),
        ('t = [["python", "-c", "a && b"], "pytest"]', (("python", "-c", "a && b"), ("pytest",))),
        ('t = {run = "pytest"}', (("pytest",),)),
        ('t = {run = ["a", "b"]}', (("a",), ("b",))),
        ("t = \"echo 'a | b' --x='<1'\"", (("echo", "a | b", "--x=<1"),)),
    ],
)
def test_a_task_is_a_line_or_a_list_of_lines(tmp_path: Path, text: str, commands: tuple[tuple[str, ...], ...]) -> None:
    assert commands == read(tmp_path, text)["t"].commands


def test_a_task_runs_after_all_that_it_needs(tmp_path: Path) -> None:
    tasks = read(tmp_path, 'a = {run="a", needs=["b", "c"]}\nb = {needs=["d"]}\nc = {run="c", needs=["d"]}\nd = "d"')
    assert ["d", "b", "c", "a"] == [task.name for task in in_order(tasks, "a")]
    assert ["d"] == [task.name for task in in_order(tasks, "d")]


def test_a_project_without_tasks_has_none(tmp_path: Path) -> None:
    assert {} == read_tasks({}, tmp_path / "pyproject.toml")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("t = 1", ":2: tool.chapbook.tasks.t: expected a line, or a list of lines, found a number"),
        ("t = [[]]", ":2: tool.chapbook.tasks.t[0]: expected a line, or a list of lines, found an array"),
        ('t = ""', ":2: tool.chapbook.tasks.t: is empty"),
        ("t = {}", ":2: tool.chapbook.tasks.t: does nothing"),
        ('t = {cmd = "x", run = "y"}', ":2: tool.chapbook.tasks.t.cmd: is nothing that a task has"),
        ('t = "a && b"', ":2: tool.chapbook.tasks.t: `&&` would be a word like any other"),
        ('t = "a > b"', ":2: tool.chapbook.tasks.t: `>` would be a word like any other"),
        ('t = "a \'b"', ":2: tool.chapbook.tasks.t: cannot be read as a line of words: no closing quotation"),
        ('t = {run="a", needs=["u"]}', ":2: tool.chapbook.tasks.t.needs[0]: `u` is no task"),
        ('t = {needs="u"}', ":2: tool.chapbook.tasks.t.needs: expected an array, found a string"),
        ('t = {needs=["t"]}', ":2: tool.chapbook.tasks.t.needs: needs itself: `t` -> `t`"),
        (
            'a = {needs=["b"]}\nb = {needs=["c"]}\nc = {needs=["a"]}',
            ":2: tool.chapbook.tasks.a.needs: needs itself: `a` -> `b` -> `c` -> `a`",
        ),
    ],
)
def test_a_mistake_says_where_it_is(tmp_path: Path, text: str, mistake: str) -> None:
    with pytest.raises(FileMistakes) as raised:
        read(tmp_path, text)
    assert f"{tmp_path / 'pyproject.toml'}{mistake}" == raised.value.message


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileMistakes) as raised:
        read(tmp_path, 'a = 1\nb = "x | y"\nc = {}')
    assert 3 == len(raised.value.mistakes)


def test_a_mistake_stands_against_the_task_it_is_in_and_those_that_need_that(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '[tool.chapbook.tasks]\ngood = "true"\nbad = "x | y"\nlate = {needs = ["bad"]}\n'
        'a = {needs = ["b"]}\nb = {needs = ["a"]}\nlost = {needs = ["gone"]}\n'
    )
    tool = tomllib.loads(file.read_text())["tool"]["chapbook"]
    for name in ("good", "python", ""):
        assert "good" in read_tasks(tool, file, used=name)
    for name, mistakes in (("bad", 1), ("late", 1), ("a", 1), ("b", 1), ("lost", 1)):
        with pytest.raises(FileMistakes) as raised:
            read_tasks(tool, file, used=name)
        assert mistakes == len(raised.value.mistakes)


def test_what_is_wrong_with_all_of_them_stands_against_each(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.chapbook]\ntasks = 5\n")
    with pytest.raises(FileMistakes):
        read_tasks({"tasks": 5}, file, used="any")
