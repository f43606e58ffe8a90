from __future__ import annotations

import hashlib

from chapbook_core.installer.condition_key import content_digest


def test_the_digest_of_a_large_file_is_its_own_however_often_it_was_asked_for() -> None:
    contents = [bytes([number]) * 20_000 for number in range(8)]
    for _ in range(3):
        for content in contents:
            # Not the same object twice, as when a file is read again.
            assert hashlib.sha256(content).digest() == content_digest(bytes(bytearray(content)))
            longer = content + b"more"
            assert hashlib.sha256(longer).digest() == content_digest(longer)
    assert hashlib.sha256(b"small").digest() == content_digest(b"small")
