from __future__ import annotations

import pytest

from chapbook_core.project.import_sites import ImportSite, find_sites


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a, b.c", [("a", 1, False), ("b.c", 1, False)]),
        ("from a.b import c, d", [("a.b.c", 1, False), ("a.b.d", 1, False)]),
        ("from a import *", [("a", 1, False)]),
        ("from . import a\nfrom .b import c", []),
        ("def f():\n    if 1:\n        import a", [("a", 3, False)]),
        ("try:\n    import a\nexcept ImportError:\n    import b", [("a", 2, True), ("b", 4, True)]),
        ("try:\n    import a\nexcept (ValueError, ModuleNotFoundError):\n    a = None", [("a", 2, True)]),
        ("try:\n    import a\nexcept:\n    pass\nelse:\n    import b", [("a", 2, True), ("b", 6, False)]),
        ("try:\n    import a\nexcept ValueError:\n    pass", [("a", 2, False)]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b", None),
        ("import importlib\nimportlib.import_module('a.b')", [("importlib", 1, False), ("a.b", 2, False)]),
        ("%pip install x\nimport a\n!ls", [("a", 2, False)]),
        ("%%bash\nimport a", []),
        ("import a\nthis is not python", [("a", 1, False)]),
        ("", []),
    ],
)
def test_every_import_is_found_with_its_line(source: str, expected: list[tuple[str, int, bool]] | None) -> None:
    if expected is None:
        expected = [("typing.TYPE_CHECKING", 1, False), ("a", 3, True), ("b", 5, False)]
    assert tuple(ImportSite(*one) for one in expected) == find_sites(source)
