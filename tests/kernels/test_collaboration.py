from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_kernelspec.belonging import find_notebook
from chapbook_kernelspec.collaboration import carry_notebooks, find_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Sessions:
    """Answers as jupyter-server does for a path whose folder it does not find."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.get_kernel_env: Callable[..., dict[str, str]] = self.tell

    def tell(self, path: str | None, name: str | None = None) -> dict[str, str]:
        assert path
        return {"JPY_SESSION_NAME": f"{self.root}/{name}"}


def test_the_kernel_of_a_shared_notebook_hears_where_it_is(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "deep" / "a.ipynb"
    file.parent.mkdir(parents=True)
    file.touch()
    sessions = Sessions(tmp_path)
    carry_notebooks(sessions, tmp_path)
    carry_notebooks(sessions, tmp_path)
    variables = sessions.get_kernel_env("RTC:sub/deep/a.ipynb", "a.ipynb")
    assert file == find_notebook(variables)


def test_a_path_without_a_drive_is_left_to_the_server(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").touch()
    sessions = Sessions(tmp_path)
    carry_notebooks(sessions, tmp_path)
    assert sessions.get_kernel_env("a.ipynb", "a.ipynb") == {"JPY_SESSION_NAME": f"{tmp_path}/a.ipynb"}


@pytest.mark.parametrize("path", ["RTC:../outside.ipynb", "RTC:missing.ipynb", "RTC:", "sub/a:b.ipynb", "", None])
def test_nothing_outside_of_the_root_is_named(tmp_path: Path, path: str | None) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.ipynb").touch()
    assert find_file(path, root) is None
