from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from chapbook_core import digest

CONTENTS = [b"", b"a", b"chapbook" * 1000, b"\0" * ((1 << 20) + 1)]


@pytest.mark.parametrize("content", CONTENTS)
def test_a_digest_is_that_of_hashlib(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashlib.sha256(content)
    assert expected.digest() == digest.sha256(content).digest()
    monkeypatch.delitem(sys.modules, "hashlib")
    assert expected.hexdigest() == digest.sha256(content).hexdigest()


def test_a_digest_grows_with_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hashlib")
    growing = digest.sha256()
    growing.update(b"chap")
    growing.update(b"book")
    assert hashlib.sha256(b"chapbook").digest() == growing.digest()


def test_a_python_without_one_of_its_own_takes_openssls(monkeypatch: pytest.MonkeyPatch) -> None:
    digest._own.cache_clear()
    monkeypatch.delitem(sys.modules, "hashlib")
    monkeypatch.setattr(digest, "_OWN", "no_such_module")
    assert hashlib.sha256(b"a").digest() == digest.sha256(b"a").digest()
    digest._own.cache_clear()


def test_openssl_is_loaded_for_large_contents_alone() -> None:
    program = (
        "import sys; from chapbook_core.digest import sha256; sha256(b'a'); print('_hashlib' in sys.modules);"
        "sha256(bytes(1 << 21)); print('_hashlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ["False", "True"] == done.stdout.split()
