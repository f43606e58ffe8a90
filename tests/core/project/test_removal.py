from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from chapbook_core.project.removal import remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_folder_that_is_deeper_than_python_goes_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def go_too_deep(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(shutil, "rmtree", go_too_deep)
    remove_folder(tmp_path)
    assert tmp_path.exists()
