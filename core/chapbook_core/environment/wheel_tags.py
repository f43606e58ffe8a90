"""The wheel tags of an interpreter, worked out from its facts without running it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.environment.interpreter import Build, Interpreter

_SHORT_NAMES = {"cpython": "cp", "pypy": "pp", "ironpython": "ip", "jython": "jy"}
_NARROWED = {"linux_x86_64": "linux_i686", "linux_aarch64": "linux_armv8l"}
"""What a 32-bit Python sees on a 64-bit Linux."""
_OLDER_ARCHITECTURES = {"armv8l": ("armv8l", "armv7l")}
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}
_OLDEST_GLIBC_ELSEWHERE = 17
_GLIBC_ALIASES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_NARROW = 32
_ABI_PARTS = {"pypy": 2, "graalpy": 3}
"""How many parts of the suffix of compiled modules name the binary interface."""
_DEBUG_WHEELS_FIT_FROM = (3, 8)
_MALLOC_MARK_UNTIL = (3, 7)
_OLDEST_STABLE_ABI = 2
"""The first Python 3 that had one."""


def wheel_tags(interpreter: Interpreter) -> tuple[str, ...]:
    """Return the tags that the interpreter takes, the best first, as `packaging.tags.sys_tags` in it would."""
    return tags_of(interpreter.implementation, interpreter.minor, interpreter.build)


@lru_cache(maxsize=64)
def tags_of(implementation: str, minor: tuple[int, int], build: Build) -> tuple[str, ...]:
    """Do what `wheel_tags` does, for the parts of an interpreter that have a say in it."""
    platforms = list(_platforms(build))
    if implementation == "cpython" and not build.is_free_threaded:
        return tuple(_usual_tags(minor, _cpython_abis(minor, build), platforms))
    # Imported here because it takes a command that changes an environment a twentieth of its time.
    from packaging.tags import compatible_tags, cpython_tags, generic_tags

    digits = "".join(map(str, minor))
    short = _SHORT_NAMES.get(implementation, implementation)
    if implementation == "cpython":
        own = cpython_tags(minor, _cpython_abis(minor, build), platforms)
        interpreter: str | None = f"cp{digits}"
    else:
        own = generic_tags(f"{short}{digits}", _other_abis(build), platforms)
        interpreter = "pp3" if implementation == "pypy" else None
    return tuple(dict.fromkeys(map(str, (*own, *compatible_tags(minor, interpreter, platforms)))))


def _usual_tags(minor: tuple[int, int], abis: list[str], platforms: list[str]) -> Iterator[str]:
    """Yield what `packaging.tags` does for a CPython, as texts."""
    major, newest = minor
    own = f"cp{major}{newest}"
    older = range(newest - 1, -1, -1)
    pythons = (f"py{major}{newest}", f"py{major}", *(f"py{major}{one}" for one in older))
    for abi in (*abis, "abi3", "none"):
        yield from (f"{own}-{abi}-{platform}" for platform in platforms)
    for one in older:
        if one >= _OLDEST_STABLE_ABI:
            yield from (f"cp{major}{one}-abi3-{platform}" for platform in platforms)
    for python in pythons:
        yield from (f"{python}-none-{platform}" for platform in platforms)
    for python in (own, *pythons):
        yield f"{python}-none-any"


def _cpython_abis(minor: tuple[int, int], build: Build) -> list[str]:
    digits = "".join(map(str, minor))
    threading = "t" if build.is_free_threaded else ""
    debug = "d" if build.is_debug else ""
    malloc = "m" if minor <= _MALLOC_MARK_UNTIL else ""
    abis = [f"cp{digits}{threading}{debug}{malloc}"]
    if debug and minor >= _DEBUG_WHEELS_FIT_FROM:
        abis.append(f"cp{digits}{threading}")
    return abis


def _other_abis(build: Build) -> list[str]:
    parts = build.extension_suffix.split(".")
    if len(parts) < len(("", "abi", "so")):
        return []
    words = parts[1].split("-")
    abi = "-".join(words[: _ABI_PARTS.get(words[0], len(words))])
    return [_normal(abi)] if abi else []


def _platforms(build: Build) -> Iterator[str]:
    platform = _normal(build.platform)
    if platform.startswith("linux_"):
        yield from _linux(platform, build)
    elif platform.startswith("macosx_") and build.macos is not None:
        # Imported here for the same reason as in _tags.
        from packaging.tags import mac_platforms

        machine = build.platform.rpartition("-")[2]
        yield from mac_platforms(build.macos, machine)
    else:
        yield platform


def _linux(platform: str, build: Build) -> Iterator[str]:
    if build.pointer_bits == _NARROW:
        platform = _NARROWED.get(platform, platform)
    machine = platform.removeprefix("linux_")
    machines = _OLDER_ARCHITECTURES.get(machine, (machine,))
    yield from (f"linux_{one}" for one in machines)
    if build.glibc is not None:
        major, newest = build.glibc
        oldest = _OLDEST_GLIBC.get(machine, _OLDEST_GLIBC_ELSEWHERE)
        for one in machines:
            for minor in range(newest, oldest - 1, -1):
                yield f"manylinux_{major}_{minor}_{one}"
                if alias := _GLIBC_ALIASES.get(minor):
                    yield f"{alias}_{one}"
    if build.musl is not None:
        major, newest = build.musl
        yield from (f"musllinux_{major}_{minor}_{one}" for one in machines for minor in range(newest, -1, -1))


def _normal(text: str) -> str:
    return re.sub(r"[-. ]", "_", text)
