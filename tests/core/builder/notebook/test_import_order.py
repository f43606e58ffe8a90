from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.notebook.import_order import circular_imports

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    (False, {"a": "from b import f\ndef g(): pass", "b": "def f(): pass"}),
    (True, {"a": "from b import f\ndef g(): pass", "b": "from a import g\ndef f(): pass"}),
    (False, {"a": "def g(): pass\nfrom b import f", "b": "def f(): pass\nfrom a import g"}),
    (True, {"a": "def g(): pass\nfrom b import f", "b": "from a import g\ndef f(): pass"}),
    (False, {"a": "import b\ndef g(): pass", "b": "import a\ndef f(): pass"}),
    (False, {"a": "def g():\n    from b import f", "b": "from a import g\ndef f(): pass"}),
    (True, {"a": "from b import *\ndef g(): pass", "b": "from c import x\ny = x", "c": "from a import g\nx = 1"}),
    (False, {"a": "if TYPE_CHECKING:\n    from b import f\nelse:\n    x = 1", "b": "from a import x\ndef f(): pass"}),
    (True, {"a": "from a import x\nx = 1"}),
    (False, {"a": "from b import (f as h)\nx = h", "b": "f = 1"}),
]


@pytest.mark.parametrize(("is_circular", "sources"), CASES)
def test_a_name_that_is_asked_for_too_early_is_found(
    is_circular: bool, sources: dict[str, str], tmp_path: Path
) -> None:
    found = circular_imports({name: [ast.parse(source)] for name, source in sources.items()})
    assert is_circular == bool(found)
    # Python itself is the judge.
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text("TYPE_CHECKING = False\n" + source)
    commands = [[sys.executable, "-S", "-c", f"import {name}"] for name in sources]
    runs = [subprocess.run(words, cwd=tmp_path, capture_output=True, check=False) for words in commands]
    assert is_circular == any(run.returncode for run in runs)


def test_the_chain_begins_with_the_one_that_has_not_got_so_far() -> None:
    (found,) = circular_imports(
        {"a": [ast.parse("from b import f"), ast.parse("g = 1")], "b": [ast.parse("from a import g\nf = 1")]}
    )
    assert (("a", "b"), "g") == (found.chain, found.name)
