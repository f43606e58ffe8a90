"""A module that a wheel holds and the one that an editable installation imports are the same."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as some

from chapbook_core.builder.notebook.exporting import export_notebooks
from chapbook_core.builder.notebook.hook.loading import run
from chapbook_core.builder.notebook.hook.project import NotebookProject
from chapbook_core.builder.notebook.hook.rule import Rule
from chapbook_core.project.manifest import read_manifest

PROJECT = '[project]\nname = "spam"\nversion = "1"\n[tool.chapbook.export]\n'
names = some.sampled_from(["a", "b", "_c", "größe", "D"])
lines = some.one_of(
    some.builds("{} = {!r}".format, names, some.text(some.sampled_from("x\"'\\#%!\u2028ß "), max_size=6)),
    some.builds("def {}(x: int = 1):\n    '''%magic\n!shell\n'''\n    return x".format, names),
    some.builds("class {}:\n    y = 2".format, names),
    some.builds("{}, *{} = 1, 2, 3".format, names, some.just("rest")),
    some.sampled_from(
        ["# a comment", "", "import math", "from __future__ import annotations", "__all__ = ['a']\na = 3"]
    ),
)
heads = some.sampled_from(["#| export", "#|exporti", "#| exports\n#| eval: false", "", "#| hide\n\n#| export"])


@some.composite
def cells(draw: some.DrawFn) -> dict[str, object]:
    body = draw(some.lists(lines, max_size=3))
    # Only at the top of a cell is this one valid.
    body.sort(key=lambda line: not line.startswith("from __future__"))
    tags = draw(some.sampled_from([[], ["export"], ["skip"], ["test"]]))
    source = "\n".join([draw(heads), *body])
    return {"cell_type": "code", "metadata": {"tags": tags}, "source": source.splitlines(keepends=True)}


def public(module: ModuleType) -> dict[str, object]:
    found = {name: value for name, value in vars(module).items() if not name.startswith("__") or name == "__all__"}
    return {
        name: value if isinstance(value, (str, int, list)) else type(value).__name__ for name, value in found.items()
    }


@settings(deadline=None, max_examples=40, report_multiple_bugs=False)
@given(some.lists(cells(), min_size=1, max_size=5), some.text(some.characters(codec="utf-8"), max_size=20))
def test_a_wheel_and_an_editable_installation_have_the_same_module(found: list[object], prose: str) -> None:
    always = {"cell_type": "code", "metadata": {}, "source": "#| export\nlast = 1"}
    title = {"cell_type": "markdown", "metadata": {}, "source": f"# Title\n\n> {prose}"}
    with TemporaryDirectory() as name:
        folder = write(name, {"cells": [title, *found, always], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        text = next(file.text for file in export_notebooks(read_manifest(folder)).files if file.module == "spam.core")
        assert text == next(
            file.text for file in export_notebooks(read_manifest(folder)).files if file.module == "spam.core"
        )
        project = NotebookProject(name, [tuple(Rule("", "spam"))])
        module = project.module("spam.core")
        assert module is not None
        packed, direct = ModuleType("spam.core"), ModuleType("spam.core")
        exec(compile(text, "core.py", "exec", dont_inherit=True), vars(packed))
        run(module, direct, project)
    assert public(packed) == public(direct)
    assert (packed.__doc__ or "").strip() == (direct.__doc__ or "").strip()


def write(name: str, notebook: dict[str, object]) -> Path:
    folder = Path(name)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "core.ipynb").write_text(json.dumps(notebook))
    return folder
