from __future__ import annotations

import pytest

from chapbook_core.installer.top_levels import portions


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/__init__.py", "a/b.py", "a/c/__init__.py"], ["a"]),
        (["six.py", "six-1.0.dist-info/METADATA"], ["six"]),
        (["_fast.cpython-311-x86_64-linux-gnu.so", "_other.pyd"], ["_fast", "_other"]),
        (["google/cloud/storage/__init__.py", "google/cloud/storage/blob.py"], ["google.cloud.storage"]),
        (["space/near.py", "space/far/thing.py"], ["space.far.thing", "space.near"]),
        (["a/__init__.pyc", "a/data.txt", "../../../bin/a", "share/doc/conf-1/x.py"], ["a"]),
        (["a.py", "__pycache__/a.cpython-311.pyc"], ["a"]),
        ([], []),
    ],
)
def test_the_uppermost_modules_are_told(paths: list[str], expected: list[str]) -> None:
    assert tuple(expected) == portions(paths)
