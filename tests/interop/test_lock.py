"""Our locks in the hands of real Poetry, and Poetry's in ours, for small projects of every shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.interop.interchange import Pair, interchange
from tests.interop.lock_worlds import PROJECTS, SmallProject
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.about)
def test_both_lock_the_same_and_leave_the_lock_of_the_other(project: SmallProject, pair: Pair, tmp_path: Path) -> None:
    with FakeIndex() as first, FakeIndex() as second:
        for index, world in ((first, project.packages), (second, project.elsewhere)):
            for name, version, description in world:
                index.serve(name, version, **description)
        text = project.project_file(first.url, second.url)
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

        found = interchange(pair, tmp_path)

    assert found.check == ""
    assert found.plan == ()
    assert found.again == ()
    assert found.relock == ()
    assert found.relock_text == project.worded
    assert found.after == ()
    assert found.foreign_plan == ()
    assert found.foreign_text == ()
    assert found.fresh == project.fresh
