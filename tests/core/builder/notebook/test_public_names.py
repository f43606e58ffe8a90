from __future__ import annotations

import ast

import pytest

from chapbook_core.builder.notebook.hook.public_names import defines_all, public_names


@pytest.mark.parametrize(("source", "expected"), [
    ("def f(): pass\nasync def g(): pass\nclass H: pass", ["f", "g", "H"]),
    ("a = b = 1", ["a", "b"]),
    ("a, (b, *c) = x", ["a", "b", "c"]),
    ("a: int = 1\nb: int", ["a"]),
    ("_a = 1\ndef _f(): pass", []),
    ("import os\nfrom x import y", []),
    ("if x:\n    a = 1", []),
    ("a.b = 1\na[0] = 2", []),
    ("@patch\ndef f(self: C): pass\n@patch_to(C)\ndef g(self): pass\n@cache\ndef h(): pass", ["h"]),
    ("_all_ = ['_hidden', os]", ["_hidden", "os"]),
])  # fmt: skip
def test_the_names_that_a_cell_defines_at_top_level(source: str, expected: list[str]) -> None:
    assert expected == list(public_names(ast.parse(source)))


def test_an_author_may_list_them() -> None:
    assert defines_all(ast.parse("__all__ = ['a']"))
    assert not defines_all(ast.parse("_all_ = ['a']"))
