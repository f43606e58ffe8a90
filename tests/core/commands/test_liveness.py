from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.state import read_state
from chapbook_core.errors import Cancelled
from tests.core.commands.inside import Answering, perform_inside, running_kernel, told

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.report import Data, Result
    from chapbook_core.commands.running_kernel import RunningKernel
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    serve(index, "a", "1.0")
    serve(index, "b", "1.0")
    serve(index, "ipykernel", "6.0")
    return index


@pytest.fixture
def project(project: Project, chapbook: Chapbook) -> Project:
    assert 0 == chapbook("add", "a").status
    return project


def serve(index: FakeIndex, name: str, version: str) -> None:
    files = {f"{name}/__init__.py": f"__version__ = '{version}'\n", f"{name}/late.py": f"version = '{version}'\n"}
    index.serve(name, version, files=files)


def live(result: Result) -> dict[str, Data]:
    data = result.data()
    assert isinstance(data, dict)
    found = data["live"]
    assert isinstance(found, dict)
    return found


def test_what_arrives_beside_what_is_loaded_can_be_imported_in_the_same_process(project: Project) -> None:
    with running_kernel(project.folder, "a", "json") as kernel:
        assert "ModuleNotFoundError No module named 'b'" == kernel.evaluate("__import__('b')")
        result = perform_inside(project.folder, "add b", kernel.value)
        assert "'1.0'" == kernel.evaluate("importlib.invalidate_caches() or __import__('b').__version__")
    assert {
        "verdict": "hot",
        "applied": True,
        "needs_restart": False,
        "fresh": False,
        "stale": [],
        "importable": ["b"],
        "elsewhere": [],
    } == live(result)
    assert "Ready to import: b" in told(result)


def test_an_update_of_what_is_loaded_waits_for_the_next_start_when_nobody_can_be_asked(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "a") as kernel:
        result = perform_inside(project.folder, "update a --refresh", kernel.value)
        assert "'1.0'" == kernel.evaluate("importlib.import_module('a.late').version")
    assert ["a 1.1"] == project.pins
    assert ["a 1.0"] == project.installed
    found = live(result)
    assert ("restart", False, True) == (found["verdict"], found["applied"], found["needs_restart"])
    assert [{"name": "a", "before": "1.0", "after": "1.1", "modules": ["a"]}] == found["stale"]
    text = told(result)
    assert "the environment stays as it is until the kernel restarts: `a` 1.0 -> 1.1 (1 module loaded)" in text
    assert "run `chapbook install --apply-now`" in text
    assert 0 == chapbook("install").status
    assert ["a 1.1"] == project.installed


def test_what_only_comes_does_not_wait_with_what_is_loaded(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    serve(index, "a", "1.1")
    index.serve("needy", "1.0", requires=["a>=1.1"], files={"needy.py": ""})
    index.serve("content", "1.0", requires=["a", "b"], files={"content.py": ""})
    ask = Answering("next-start")
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --refresh", kernel.value, ask)
        result = perform_inside(project.folder, "add needy content", kernel.value, ask)
        assert "'1.0'" == kernel.evaluate("importlib.invalidate_caches() or __import__('b').__version__")
    assert 1 == sum("next-start" in line for line in ask.heard)
    assert ["a 1.0", "b 1.0", "content 1.0"] == project.installed
    assert ["content", "b"] == live(result)["importable"]
    text = told(result)
    assert "Ready to import: content and 1 more" in text
    assert "the rest of the environment stays as it is until the kernel restarts: `a` 1.0 -> 1.1" in text
    assert ["a 1.1", "b 1.0", "content 1.0", "needy 1.0"] == project.pins
    assert 0 == chapbook("install").status
    assert ["a 1.1", "b 1.0", "content 1.0", "needy 1.0"] == project.installed


def test_who_asks_for_the_next_start_means_all_of_it(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --refresh", kernel.value)
        perform_inside(project.folder, "add b --next-start", kernel.value)
    assert ["a 1.0"] == project.installed


def test_what_waits_can_be_had_at_once_after_all(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --refresh", kernel.value)
        again = perform_inside(project.folder, "install", kernel.value)
        assert (False, ["a 1.0"]) == (live(again)["applied"], project.installed)
        result = perform_inside(project.folder, "install --apply-now", kernel.value)
    assert (True, ["a 1.1"]) == (live(result)["applied"], project.installed)


def test_what_is_not_loaded_is_updated_at_once(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "json") as kernel:
        result = perform_inside(project.folder, "update --refresh", kernel.value)
        assert "'1.1'" == kernel.evaluate("__import__('a').__version__")
    assert "hot" == live(result)["verdict"]
    assert ["a"] == live(result)["importable"]


def test_a_person_may_want_it_now(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "a.late") as kernel:
        result = perform_inside(project.folder, "update a --refresh --apply-now", kernel.value)
    assert ["a 1.1"] == project.installed
    assert ("restart", True, True) == tuple(live(result)[key] for key in ("verdict", "applied", "needs_restart"))
    assert "restart the kernel to use what has changed: `a` 1.0 -> 1.1 (2 modules loaded)" in told(result)


@pytest.mark.parametrize(
    ("answers", "expected"), [(["now"], "a 1.1"), ([""], "a 1.0"), (["n", "what", "next"], "a 1.0")]
)
def test_somebody_who_is_there_is_asked(project: Project, index: FakeIndex, answers: list[str], expected: str) -> None:
    serve(index, "a", "1.1")
    ask = Answering(*answers)
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --refresh", kernel.value, ask)
    assert [expected] == project.installed
    assert ["a 1.1"] == project.pins
    assert "`a` 1.0 -> 1.1 (1 module loaded)" in ask.heard[0]


def test_whoever_wants_neither_gets_nothing(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    before = project.files()
    with running_kernel(project.folder, "a") as kernel, pytest.raises(Cancelled):
        perform_inside(project.folder, "update a --refresh", kernel.value, Answering("cancel"))
    assert before == project.files()
    assert ["a 1.0"] == project.installed


def test_a_kernel_in_which_nothing_was_run_is_no_reason_to_ask(project: Project, index: FakeIndex) -> None:
    serve(index, "a", "1.1")
    ask = Answering()
    with running_kernel(project.folder, "a") as kernel:
        result = perform_inside(project.folder, "update a --refresh", fresh(kernel.value), ask)
    assert [] == ask.heard
    assert ["a 1.1"] == project.installed
    assert live(result)["fresh"] is True


def fresh(kernel: RunningKernel) -> RunningKernel:
    from dataclasses import replace

    return replace(kernel, is_fresh=True)


def test_what_the_kernel_is_made_of_is_not_changed_underneath_it(project: Project, index: FakeIndex) -> None:
    perform_inside(project.folder, "add ipykernel")
    serve(index, "ipykernel", "6.1")
    ask = Answering("")
    with running_kernel(project.folder, "ipykernel") as kernel:
        result = perform_inside(project.folder, "update --refresh", fresh(kernel.value), ask)
    assert "blocked" == live(result)["verdict"]
    assert ["a 1.0", "ipykernel 6.0"] == project.installed
    assert any("may stop to answer" in line for line in ask.heard)


def test_a_removal_that_waits_is_done_by_the_next_install(project: Project, chapbook: Chapbook) -> None:
    perform_inside(project.folder, "add b")
    with running_kernel(project.folder, "b") as kernel:
        result = perform_inside(project.folder, "remove b", kernel.value)
    assert "`b` 1.0, which goes (1 module loaded)" in told(result)
    assert ["a 1.0"] == project.pins
    assert ["a 1.0", "b 1.0"] == project.installed
    state = read_state(project.folder / ".venv")
    assert state is not None
    assert ("b",) == state.leaving
    outcome = chapbook("install")
    assert "- b 1.0" in outcome.out
    assert ["a 1.0"] == project.installed
    state = read_state(project.folder / ".venv")
    assert state is not None
    assert () == state.leaving


def test_what_is_wanted_again_does_not_go(project: Project, chapbook: Chapbook) -> None:
    perform_inside(project.folder, "add b")
    with running_kernel(project.folder, "b") as kernel:
        perform_inside(project.folder, "remove b", kernel.value)
        result = perform_inside(project.folder, "add b", kernel.value)
    assert "hot" == live(result)["verdict"]
    assert 0 == chapbook("install").status
    assert ["a 1.0", "b 1.0"] == project.installed


def test_the_kernel_of_another_environment_has_no_say(project: Project, index: FakeIndex, tmp_path: Path) -> None:
    serve(index, "a", "1.1")
    with running_kernel(project.folder, "a") as kernel:
        from dataclasses import replace

        other = replace(kernel.value, prefix=tmp_path)
        result = perform_inside(project.folder, "update --refresh", other)
    data = result.data()
    assert isinstance(data, dict)
    assert data["live"] is None
    assert ["a 1.1"] == project.installed


def test_without_a_kernel_it_can_wait_too(project: Project, chapbook: Chapbook) -> None:
    outcome = chapbook("add", "b", "--next-start")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "b 1.0"] == project.pins
    assert ["a 1.0"] == project.installed
    assert "the environment stays as it is until the kernel restarts" in outcome.err
    outcome = chapbook("install", "--next-start")
    assert "Will change 1 package" in outcome.out
    assert ["a 1.0"] == project.installed
    assert 0 == chapbook("install").status
    assert ["a 1.0", "b 1.0"] == project.installed


def test_what_would_change_is_told_without_asking(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    serve(index, "a", "1.1")
    assert 0 == chapbook("update", "--lock", "--refresh").status
    ask = Answering()
    with running_kernel(project.folder, "a") as kernel:
        result = perform_inside(project.folder, "install --dry-run", kernel.value, ask)
    assert [] == ask.heard
    assert "the kernel would need a restart: `a` 1.0 -> 1.1" in told(result)
    assert ["a 1.0"] == project.installed


def test_what_is_loaded_from_elsewhere_is_told(project: Project) -> None:
    from dataclasses import replace

    with running_kernel(project.folder) as kernel:
        modules = {**kernel.value.modules, "b": "/overlay/b/__init__.py"}
        result = perform_inside(project.folder, "add b", replace(kernel.value, modules=modules))
    assert ["b"] == live(result)["elsewhere"]
    assert "the kernel has loaded `b` from elsewhere" in told(result)
