from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project import notebook_imports
from chapbook_core.project.distribution_names import distribution_of
from chapbook_core.project.import_sites import find_sites
from chapbook_core.project.notebook_imports import Import, Unread, find_imports, holds_notebooks, imported_names

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def notebook(*cells: str, kind: str = "code") -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": cell.splitlines(keepends=True)} for cell in cells]})


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a, b.c as d", {"a", "b.c"}),
        ("from a.b import c, d", {"a.b.c", "a.b.d"}),
        ("from a import *", {"a"}),
        ("from . import a\nfrom .b import c", set()),
        ("def f():\n    try:\n        import a\n    except ImportError:\n        a = None", {"a"}),
        ("%matplotlib inline\nimport a", {"a"}),
        ("!pip install x\nimport a", {"a"}),
        ("files = !ls\nimport a", {"a"}),
        ("x = %timeit -o f()\nimport a", {"a"}),
        ("a.b?\nimport a\n?a", {"a"}),
        ("if True:\n    %load_ext x\n    import a", {"a"}),
        ("%%time\nimport a", {"a"}),
        ("\n%%capture out\nimport a", {"a"}),
        ("%%bash\nimport a", set()),
        ("%%html\n<b>import a</b>", set()),
        ("x = 'import b'\n# import c\nimport a  # what?", {"a"}),
        ("import a\nthis is not python\nfrom b import c\n  import d, e.f", {"a", "b", "d", "e.f"}),
        ("", set()),
        ("   \n", set()),
        ("import a\nx = '\\d'", {"a"}),
    ],
)
def test_imports_are_seen_through_magics(source: str, names: set[str]) -> None:
    assert imported_names(source) == names


def test_a_folder_is_read_with_its_own_and_standard_modules_left_out(tmp_path: Path) -> None:
    write(tmp_path / "b.ipynb", notebook("import pandas, json, tools, lib.x", "from sub.part import y"))
    write(tmp_path / "a.ipynb", notebook("import pandas"))
    write(tmp_path / "c.ipynb", notebook("import markdown_only", kind="markdown"))
    write(tmp_path / "tools.py", "import requests\n")
    write(tmp_path / "lib" / "x.py", "import numpy\n")
    write(tmp_path / "sub" / "part" / "__init__.py", "")
    for skipped in (".venv", ".ipynb_checkpoints", "node_modules", "dist"):
        write(tmp_path / skipped / "z.py", "import hidden\n")
    write(tmp_path / "myenv" / "pyvenv.cfg", "")
    write(tmp_path / "myenv" / "z.py", "import hidden\n")
    write(tmp_path / "other" / "pyproject.toml", "")
    write(tmp_path / "other" / "z.py", "import hidden\n")
    found = find_imports(tmp_path)
    assert found.found == (
        Import("numpy", ("lib/x.py",)),
        Import("pandas", ("a.ipynb", "b.ipynb")),
        Import("requests", ("tools.py",)),
    )
    assert found.notebooks == ("a.ipynb", "b.ipynb", "c.ipynb")
    assert found.unread == ()


def test_old_notebooks_keep_their_cells_in_sheets(tmp_path: Path) -> None:
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "import a"}]}], "nbformat": 3}
    write(tmp_path / "a.ipynb", json.dumps(old))
    assert find_imports(tmp_path).found == (Import("a", ("a.ipynb",)),)


def test_what_cannot_be_read_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_imports, "_LARGEST", 100)
    write(tmp_path / "a.ipynb", "{\n")
    write(tmp_path / "b.ipynb", "[]")
    write(tmp_path / "c.py", "#" * 200)
    (tmp_path / "d.py").write_bytes(b"\xff")
    write(tmp_path / "e.ipynb", '{"cells": [1, {"cell_type": "code", "source": 2}]}')
    write(tmp_path / "f.py", "import fine\n")
    (tmp_path / "g.ipynb").symlink_to(tmp_path / "nowhere")
    found = find_imports(tmp_path)
    assert found.found == (Import("fine", ("f.py",)),)
    assert [file.file for file in found.unread] == ["a.ipynb", "b.ipynb", "c.py", "d.py", "g.ipynb"]
    assert found.unread[0].reason.startswith("it is not JSON: ")
    assert found.unread[1:4] == (
        Unread("b.ipynb", "it is not a notebook"),
        Unread("c.py", "it is larger than 0 MiB"),
        Unread("d.py", "it is not UTF-8"),
    )


@pytest.mark.parametrize("text", ['{"cells": null}', '{"cells": 5}', '{"worksheets": [null, {"cells": "a"}]}'])
def test_cells_that_are_no_list_are_told(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.ipynb", text)
    (unread,) = find_imports(tmp_path).unread
    assert unread.reason == "it is not a notebook: its cells are no list"


@pytest.mark.parametrize(
    "odd", ["x = " + "-" * 100_000 + "1", "x = " + "(" * 1000, "x = 1" + " + 1" * 3000, "x = '\0'", "x = '\ud800'"]
)
def test_a_cell_that_python_cannot_read_hides_no_import(tmp_path: Path, odd: str) -> None:
    cells = [{"cell_type": "code", "source": f"{odd}\nimport a"}, {"cell_type": "code", "source": "import b"}]
    write(tmp_path / "a.ipynb", json.dumps({"cells": [*cells, None, {"cell_type": ["code"]}]}))
    imports = find_imports(tmp_path)
    assert [found.name for found in imports.found] == ["a", "b"]
    assert imports.unread == ()
    assert [site.name for site in find_sites(f"{odd}\nimport a".encode(errors="replace").decode())] == ["a"]


@pytest.mark.parametrize(
    ("file", "expected"),
    [("a.ipynb", True), ("sub/a.ipynb", True), ("a/b/c.ipynb", False), (".ipynb_checkpoints/a.ipynb", False)],
)
def test_notebooks_are_looked_for_near_by(tmp_path: Path, file: str, *, expected: bool) -> None:
    write(tmp_path / ".home" / file, "{}")
    assert holds_notebooks(tmp_path / ".home") == expected


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("sklearn.linear_model", "scikit-learn"),
        ("cv2", "opencv-python"),
        ("PIL.Image", "pillow"),
        ("yaml", "pyyaml"),
        ("bs4", "beautifulsoup4"),
        ("skimage", "scikit-image"),
        ("dateutil.parser", "python-dateutil"),
        ("google.cloud.storage.Client", "google-cloud-storage"),
        ("pandas.DataFrame", "pandas"),
        ("pytorch_lightning", "pytorch-lightning"),
        ("IPython.display", "ipython"),
        ("netCDF4", "netcdf4"),
    ],
)
def test_a_distribution_is_known_by_its_modules(name: str, distribution: str) -> None:
    assert distribution_of(name) == distribution


@pytest.mark.parametrize("name", ["reqeusts", "google", "google.cloud.unheard_of", "company_tools", "Pandas", ""])
def test_an_unknown_module_is_unknown(name: str) -> None:
    assert distribution_of(name) is None
