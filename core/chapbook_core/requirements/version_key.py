"""A version as bytes whose order is the order of PEP 440, so that sorting and bisecting never leave C.

A key is: epoch, release without trailing zeros, phase, then post, dev and local. Each part begins with a byte that
ranks it, and each number carries its own length, so no key is the beginning of another one except `1.0` of `1.0+local`.

    release segments  0x08 and above        the end of the release sorts below any further segment
    phase             0x01 dev only, 0x02 a, 0x03 b, 0x04 rc, 0x05 final
    post              0x01 none, 0x02 + number
    dev               0x01 + number, 0x02 none
    local             nothing, or 0x01 and segments: 0x02 + text + 0x00, or 0x03 + number
"""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.version import Version

from chapbook_core.pattern import late_pattern

# What nearly every version looks like; all others are read by packaging.
_USUAL = late_pattern(
    r"([0-9]+(?:\.[0-9]+)*) (?: (a|b|rc)([0-9]+) )? (?: \.post([0-9]+) )? (?: \.dev([0-9]+) )?", re.ASCII | re.VERBOSE
)
_SMALLEST = 0x08
# A number below this is one byte; a larger one is its length above it, then its bytes.
_ONE_BYTE_NUMBERS = 0xE0 - _SMALLEST
_LENGTHS = 0xE0
_LONG = 0x1E
_NUMBERS = tuple(bytes((_SMALLEST + number,)) for number in range(_ONE_BYTE_NUMBERS))
_NO_EPOCH = _NUMBERS[0]
_PHASES = {"a": b"\x02", "b": b"\x03", "rc": b"\x04"}
_DEV_ONLY = b"\x01"
_FINAL = b"\x05"
_FINAL_WITHOUT_SUFFIX = b"\x05\x01\x02"
_ABOVE_EVERY_POST = b"\xff"
_ABOVE_ONE_LOCAL = b"\x00"


@lru_cache(maxsize=65536)
def version_key(version: Version | str) -> bytes:
    """Return the bytes that sort as the version does; raises packaging's InvalidVersion for a text that is none."""
    if isinstance(version, str):
        if match := _USUAL.fullmatch(version):
            return _usual_key(*match.groups())
        version = Version(version)
    return key_of(version)


def key_of(version: Version) -> bytes:
    """Return the same of a version that is read already; that takes less time than to find it in a memo by its hash."""
    key = _family(version) + _suffix(version.post, version.dev)
    return key + _local(version.local) if version.local else key


def key_above_only(version: Version) -> bytes:
    """Return the place right above this one version, below its local variants."""
    return key_of(version) + _ABOVE_ONE_LOCAL


def key_above_locals(version: Version) -> bytes:
    """Return the place right above a version and its local variants.

    This is the key of the next version there can be: the first dev release of the next post release.
    """
    if version.local:
        return key_above_only(version)
    if version.dev is not None:
        return key_of(version.__replace__(dev=version.dev + 1))
    post = 0 if version.post is None else version.post + 1
    return key_of(version.__replace__(post=post, dev=0))


def key_above_posts(version: Version) -> bytes:
    """Return the place right above a version and all its post releases, which `>` leaves out."""
    if version.pre is not None:
        phase, number = version.pre
        return key_of(version.__replace__(pre=(phase, number + 1), post=None, dev=0, local=None))
    return _family(version) + _ABOVE_EVERY_POST


def _family(version: Version) -> bytes:
    """Return the epoch, release and phase: what a version shares with its post and dev releases."""
    start = _number(version.epoch) + _release(list(version.release))
    if version.pre is not None:
        phase, number = version.pre
        return start + _PHASES[phase] + _number(number)
    return start + (_DEV_ONLY if version.dev is not None and version.post is None else _FINAL)


def _usual_key(release: str, phase: str | None, pre: str | None, post: str | None, dev: str | None) -> bytes:
    key = _NO_EPOCH + _release([int(segment) for segment in release.split(".")])
    if phase is None and post is None:
        # Most versions end here.
        return key + (_FINAL_WITHOUT_SUFFIX if dev is None else _DEV_ONLY + _suffix(None, int(dev)))
    key += _PHASES[phase] + _number(int(pre or 0)) if phase else _FINAL
    return key + _suffix(None if post is None else int(post), None if dev is None else int(dev))


def _suffix(post: int | None, dev: int | None) -> bytes:
    return (b"\x01" if post is None else b"\x02" + _number(post)) + (b"\x02" if dev is None else b"\x01" + _number(dev))


def _release(segments: list[int]) -> bytes:
    while len(segments) > 1 and segments[-1] == 0:
        segments.pop()
    return b"".join(map(_number, segments))


def _local(text: str) -> bytes:
    segments = (
        b"\x03" + _number(int(segment)) if segment.isdigit() else b"\x02" + segment.encode() + b"\x00"
        for segment in text.split(".")
    )
    return b"\x01" + b"".join(segments)


def _number(number: int) -> bytes:
    if number < _ONE_BYTE_NUMBERS:
        return _NUMBERS[number]
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(digits) < _LONG:
        return bytes((_LENGTHS + len(digits),)) + digits
    return bytes((_LENGTHS + _LONG,)) + len(digits).to_bytes(4, "big") + digits
