"""What a lock repeats of releases, and what of that is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from chapbook_core.commands.locked_details import LockedDetails
from chapbook_core.index.memory import Memory
from chapbook_core.index.metadata import Metadata, parse_metadata
from chapbook_core.requirements.marker import ALWAYS
from chapbook_core.resolver.locking import Frame, make_lock
from chapbook_core.resolver.problem import Selected, Solution
from tests.fakes.index import FakeIndex
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.index_answers import IndexAnswers


class Answers:
    """Says of each release that it requires one package."""

    def __init__(self, requirement: str, *, is_built: bool) -> None:
        self._requirement = requirement
        self._is_built = is_built

    def metadata(self, name: str, version: str, _origin: object) -> Metadata:
        lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Requires-Dist: {self._requirement}")
        return parse_metadata("\n".join([*lines, "", ""]).encode())

    def is_of_build(self, _name: str, _version: str, _origin: object) -> bool:
        return self._is_built


@pytest.mark.parametrize("is_built", [True, False])
def test_what_a_build_told_is_not_remembered(tmp_path: Path, is_built: bool) -> None:
    memory = Memory()
    always = ALWAYS.node
    selected = Selected("a", "1.0", None, always, {"main": always}, {})
    required = []
    with FakeIndex() as index:
        index.max_age = 600
        index.serve("a", "1.0")
        for name in ("first", "second", "third"):
            with opened(index, tmp_path / "cache", memory=memory) as open_index:
                answers = cast("IndexAnswers", Answers(f"{name}>=1", is_built=is_built))
                frame = Frame(ALWAYS, "*", "", {})
                lock = make_lock(Solution((selected,), always, 0), frame, LockedDetails(open_index, answers))
                required.append([*lock.packages[0].dependencies])
    # The first page came from the index, the second from the cache, the third from memory; and what an index tells is
    # the same as long as its page is.
    assert [["first"], ["second"], ["third" if is_built else "second"]] == required
