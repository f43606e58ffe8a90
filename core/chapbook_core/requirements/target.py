"""Target: an environment that packages are chosen for, as markers see it and as wheel tags name it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.requirements.constraint import ANY
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.requirements.constraint import Constraint

PLATFORMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}
"""The `os_name` and `platform_system` of each `sys_platform`."""

MACHINES = {"linux": ("x86_64", "aarch64"), "darwin": ("x86_64", "arm64"), "win32": ("AMD64", "ARM64")}
"""The common `platform_machine` values of each `sys_platform`."""

IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalVM"}
"""The `platform_python_implementation` of each `implementation_name`."""

PYTHON_MINORS = tuple((3, minor) for minor in range(8, 16))
_LAST_PATCH = 40
_NEWEST_GLIBC = (2, 41)
# A wheel may ask for a libc as old as these; before them the architecture did not exist.
_OLDEST_GLIBC = {"x86_64": (2, 5), "i686": (2, 5)}
_OLDEST_GLIBC_ELSEWHERE = (2, 17)
_GLIBC_ALIASES = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_NEWEST_MACOS = (15, 0)
_WINDOWS_TAGS = {"amd64": "win_amd64", "arm64": "win_arm64", "x86": "win32"}


@frozen
class Target:
    """A Python on a platform and machine; the words are those of markers: `linux`, `x86_64`, `cpython`."""

    python_full_version: str
    platform: str = "linux"
    machine: str = "x86_64"
    implementation: str = "cpython"
    glibc: tuple[int, int] = _NEWEST_GLIBC
    """The newest that a Linux wheel may ask for; musl is not a target yet."""
    macos: tuple[int, int] = _NEWEST_MACOS
    """The newest that a macOS wheel may ask for."""

    @property
    def python_version(self) -> str:
        """The major and minor version."""
        return ".".join(self.python_full_version.split(".")[:2])

    def environment(self) -> dict[str, str]:
        """Return what markers are evaluated against."""
        os_name, system = PLATFORMS.get(self.platform, ("posix", self.platform.capitalize()))
        return {
            "implementation_name": self.implementation,
            "implementation_version": self.python_full_version,
            "os_name": os_name,
            "platform_machine": self.machine,
            "platform_python_implementation": IMPLEMENTATIONS.get(self.implementation, self.implementation),
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": self.python_full_version,
            "python_version": self.python_version,
            "sys_platform": self.platform,
        }

    def tags(self) -> tuple[str, ...]:
        """Return the wheel tags that fit, the most specific first."""
        return _tags(self)

    def __str__(self) -> str:
        implementation = IMPLEMENTATIONS.get(self.implementation, self.implementation)
        return f"{implementation} {self.python_full_version} on {self.platform} {self.machine}"


def sample_targets(python: Constraint = ANY, *, implementation: str = "cpython") -> tuple[Target, ...]:
    """Return the common platforms and machines with the first allowed release of each allowed minor Python."""
    return tuple(
        Target(version, platform, machine, implementation)
        for version in _pythons(python)
        for platform in PLATFORMS
        for machine in MACHINES[platform]
    )


def _pythons(python: Constraint) -> Iterator[str]:
    for major, minor in PYTHON_MINORS:
        releases = (f"{major}.{minor}.{patch}" for patch in range(_LAST_PATCH))
        first = next(filter(python.allows, releases), None)
        if first is not None:
            yield first


@lru_cache(maxsize=256)
def _tags(target: Target) -> tuple[str, ...]:
    # Imported here because it costs a start 20 ms, and few commands choose wheels.
    from packaging.tags import compatible_tags, cpython_tags, generic_tags

    python = tuple(int(part) for part in target.python_version.split("."))
    platforms = list(_platform_tags(target))
    digits = "".join(map(str, python))
    if target.implementation == "cpython":
        interpreter = f"cp{digits}"
        own = cpython_tags(python, [interpreter], platforms)
    else:
        is_pypy = target.implementation == "pypy"
        interpreter = f"{'pp' if is_pypy else target.implementation}{digits}"
        # PyPy's binary interface has had this number since 7.3; that of others changes with each of their releases.
        own = generic_tags(interpreter, [f"pypy{digits}_pp73"] if is_pypy else ["none"], platforms)
    return tuple(dict.fromkeys(map(str, (*own, *compatible_tags(python, interpreter, platforms)))))


def _platform_tags(target: Target) -> Iterator[str]:
    match target.platform:
        case "linux":
            yield from _linux_tags(target.machine, target.glibc)
        case "darwin":
            # Imported here for the same reason as in _tags.
            from packaging.tags import mac_platforms

            yield from mac_platforms(target.macos, target.machine)
        case "win32":
            machine = target.machine.lower()
            yield _WINDOWS_TAGS.get(machine, f"win_{machine}")
        case other:
            yield f"{other}_{target.machine}"


def _linux_tags(machine: str, glibc: tuple[int, int]) -> Iterator[str]:
    major, newest = glibc
    _, oldest = _OLDEST_GLIBC.get(machine, _OLDEST_GLIBC_ELSEWHERE)
    yield f"linux_{machine}"
    for minor in range(newest, oldest - 1, -1):
        yield f"manylinux_{major}_{minor}_{machine}"
        if alias := _GLIBC_ALIASES.get((major, minor)):
            yield f"{alias}_{machine}"
