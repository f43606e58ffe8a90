"""Spoilt: texts as disks, merges and people leave them: cut, doubled, turned round, with something in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

_ODD = (
    b"\0", b"\xef\xbb\xbf", b"\xff", b"\r", b"\r\n", b"\n\n", b"\t", b" ", b"\x1b]52;c;x\x07", "\u202e".encode(),
    "\u2028".encode(), b'"', b"'", b'"""', b"\\", b"\\u0000", b"[", b"]", b"[[", b"]]", b"{", b"}", b"[" * 300,
    b"(" * 300, b"=", b",", b";", b":", b"#", b"@", b"%", b"<", b">", b"!", b"~", b"|", b"..", b"../x",
    b"NaN", b"Infinity", b"null", b"true", b"-1", b"1e999", b"9" * 5000, b"extra == 'x'", b"<<<<<<< HEAD\n",
    b"=======\n", b">>>>>>> x\n", b"<a href='x'>", b"&#0;", b"<!--", b"a" * 3000,
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw one of some contents with one to four things done to it."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        before, part, after = content[:start], content[start:end], content[end:]
        match draw(st.sampled_from(["cut", "insert", "double", "drop", "flip", "replace", "lines"])):
            case "cut":
                content = before
            case "insert":
                content = before + draw(st.sampled_from(_ODD)) + part + after
            case "double":
                content = before + part[:2000] + part + after
            case "drop":
                content = before + after
            case "flip":
                content = (
                    before + bytes(byte ^ draw(st.sampled_from([1, 32, 128])) for byte in part[:8]) + part[8:] + after
                )
            case "replace":
                content = before + draw(st.sampled_from(_ODD)) + after
            case _:
                content = b"".join(reversed(content.splitlines(keepends=True)))
    return content
