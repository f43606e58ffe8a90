"""A package that is written in notebooks, from its first cell to a wheel; needs an index that has ipykernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.kernelspec.notebooks import code, text, write_notebook
from tests.notebooks.newcomer import chapbook, newcomer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return newcomer(tmp_path_factory.mktemp("home"))


def test_it_is_made_tested_and_packaged(tmp_path: Path, variables: dict[str, str]) -> None:
    chapbook(tmp_path, variables, "new", "greeter", "--notebook-package")
    project = tmp_path / "greeter"
    chapbook(project, variables, "install")
    tested = json.loads(chapbook(project, variables, "test", "--format", "json"))
    assert [("notebooks/core.ipynb", "passed", 2)] == [
        (one["notebook"], one["result"], one["total"]) for one in tested["notebooks"]
    ]
    file = project / "notebooks" / "core.ipynb"
    where = "import greeter.core; assert 'trial' in greeter.core.__file__, greeter.core.__file__"
    write_notebook(
        project / "notebooks" / "more.ipynb",
        text("# More"),
        code("#| export\nfrom greeter.core import greeting\n_secret = greeting('Eve')"),
        code(f"{where}\nassert _secret == 'Hello, Eve!'", "test"),
    )
    before = (project / "pyproject.toml").read_bytes()
    made = json.loads(chapbook(project, variables, "package", "-n", "--format", "json"))
    assert {check["step"]: check["is_good"] for check in made["checks"]} == dict.fromkeys(
        ("exports", "requirements", "build", "install", "import", "tests"), True
    )
    assert [2, 2] == [len(one["cells"]) for one in made["tests"]]
    assert before == (project / "pyproject.toml").read_bytes()

    notebook = json.loads(file.read_text())
    notebook["cells"][-1]["source"] = "assert greeting('Ada') == 'Goodbye'"
    file.write_text(json.dumps(notebook))
    told = chapbook(project, variables, "package", "-n", "--set-version", "9", status=1)
    assert "notebooks/core.ipynb, cell 4" in told
    assert before == (project / "pyproject.toml").read_bytes()
    assert ["greeter-0.1.0-py3-none-any.whl", "greeter-0.1.0.tar.gz"] == sorted(
        path.name for path in (project / "dist").iterdir()
    )
