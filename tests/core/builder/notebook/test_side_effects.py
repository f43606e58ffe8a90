from __future__ import annotations

import ast

import pytest

from chapbook_core.builder.notebook.side_effects import side_effects


@pytest.mark.parametrize(("source", "expected"), [
    ("print('a')", [(1, "print('a')")]),
    ("x = 1\nx", [(2, "x")]),
    ("'''Words.'''\n...", []),
    ("def f():\n    print(1)", []),
    ("for x in y:\n    pass", [(1, "for x in y:")]),
    ("with a:\n    b = 1", [(1, "with a:")]),
    ("if a:\n    b()", [(2, "b()")]),
    ("if __name__ == '__main__':\n    main()", []),
    ("try:\n    import a\nexcept ImportError:\n    a = None", []),
    ("try:\n    go()\nfinally:\n    x = 1", [(2, "go()")]),
    ("import a\nx = f()", []),
    ("plot(" + "a, " * 30 + ")", [(1, "plot(" + "a, " * 11 + "a…")]),
])  # fmt: skip
def test_statements_that_do_something_at_import(source: str, expected: list[tuple[int, str]]) -> None:
    assert expected == side_effects(ast.parse(source), source)
