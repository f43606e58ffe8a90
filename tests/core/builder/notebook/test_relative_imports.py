from __future__ import annotations

import ast

import pytest

from chapbook_core.builder.notebook.relative_imports import with_relative_imports


@pytest.mark.parametrize(("source", "package", "expected"), [
    ("from spam.core import x", "spam", "from .core import x"),
    ("from spam import x", "spam", "from . import x"),
    ("from spam.core import *", "spam.sub", "from ..core import *"),
    ("from spam.sub.core import x", "spam.sub", "from .core import x"),
    ("from spam.a.b import x", "spam.c.d", "from ...a.b import x"),
    ("from spam import x", "spam.c", "from .. import x"),
    ("def f():\n    from spam.core import x", "spam", "def f():\n    from .core import x"),
    ("a = 'ü'; from spam.core import x", "spam", "a = 'ü'; from .core import x"),
    ("from  spam.core  import (x,\n    y)", "spam", "from  .core  import (x,\n    y)"),
    ("from spamalot import x", "spam", "from spamalot import x"),
    ("import spam.core", "spam", "import spam.core"),
    ("from .core import x", "spam", "from .core import x"),
    ("x = 'from spam.core import x'", "spam", "x = 'from spam.core import x'"),
])  # fmt: skip
def test_imports_of_the_same_package_become_relative(source: str, package: str, expected: str) -> None:
    assert expected == with_relative_imports(source, ast.parse(source), package, "spam")


def test_a_module_by_itself_has_none() -> None:
    assert with_relative_imports("from a import b", ast.parse("from a import b"), "", "") == "from a import b"
