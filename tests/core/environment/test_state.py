from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.state import State, read_state, set_fingerprint, was_moved, write_state
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = State(tmp_path, made_here=True, fingerprint="abc")
    write_state(tmp_path, state)
    assert state == read_state(tmp_path)
    assert ["state.json"] == [path.name for path in (tmp_path / ".chapbook").iterdir()]


def test_a_fingerprint_leaves_the_rest(tmp_path: Path) -> None:
    write_state(tmp_path, State(tmp_path, made_here=True))
    set_fingerprint(tmp_path, "abc")
    assert State(tmp_path, made_here=True, fingerprint="abc") == read_state(tmp_path)
    set_fingerprint(tmp_path, None)
    assert State(tmp_path, made_here=True) == read_state(tmp_path)


def test_an_environment_of_another_tool_gets_a_state_with_its_first_fingerprint(tmp_path: Path) -> None:
    set_fingerprint(tmp_path, "abc")
    assert State(tmp_path, fingerprint="abc") == read_state(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"owner": "somebody", "path": "/x"}',
        '{"owner": "chapbook"}',
        '{"owner": "chapbook", "path": "/x\\u0000"}',
        '{"owner": "chapbook", "path": "/\\ud800"}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_what_cannot_be_read_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / ".chapbook").mkdir()
    (tmp_path / ".chapbook" / "state.json").write_text(text)
    assert read_state(tmp_path) is None


def test_a_state_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".chapbook").touch()
    with pytest.raises(ChapbookError, match="cannot write in"):
        write_state(tmp_path, State(tmp_path))


def test_who_comes_through_a_link_does_not_make_an_environment_their_own(tmp_path: Path) -> None:
    environment, link = tmp_path / "mine" / ".venv", tmp_path / "theirs"
    environment.mkdir(parents=True)
    write_state(environment, State(environment, made_here=True))
    link.symlink_to(environment)
    set_fingerprint(link, "x")
    link.unlink()
    state = read_state(environment)
    assert state is not None
    assert not was_moved(environment, state)
