"""Where a wheel can be installed, as a marker: what its tags mean (PEP 425).

Wherever tags leave room, this says yes: it is for ruling out what certainly fits nowhere.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.index.filename import UnusableName
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.marker import ALWAYS, NEVER, Marker, parse_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.index.file import File

_PYTHON = late_pattern(r"(py|cp|pp)(\d)(\d*)")
_IMPLEMENTATIONS = {"cp": "CPython", "pp": "PyPy"}
_SYSTEMS = {
    "linux": 'sys_platform == "linux" and platform_system == "Linux" and os_name == "posix"',
    "macosx": 'sys_platform == "darwin" and platform_system == "Darwin" and os_name == "posix"',
    "win": 'sys_platform == "win32" and platform_system == "Windows" and os_name == "nt"',
    "emscripten": 'sys_platform == "emscripten"',
    "android": 'sys_platform == "android"',
    "ios": 'sys_platform == "ios"',
}
_PLATFORM = late_pattern(r"(?:many|musl)?(linux|macosx|win|emscripten|android|ios)(?:[\d_]*_|_)?(\w*)")
_MACHINES = {
    ("linux", "x86_64"): ("x86_64", "amd64"),
    ("linux", "aarch64"): ("aarch64", "arm64"),
    ("linux", "ppc64le"): ("ppc64le",),
    ("linux", "s390x"): ("s390x",),
    ("macosx", "x86_64"): ("x86_64",),
    ("macosx", "arm64"): ("arm64",),
    ("macosx", "ppc"): ("Power Macintosh",),
    ("macosx", "ppc64"): ("Power Macintosh",),
    ("win", "amd64"): ("AMD64", "x86_64"),
    ("win", "arm64"): ("ARM64", "arm64"),
}
"""The values of `platform_machine` for those names that mean one architecture; a 32-bit Python may run on any."""


SUPPORTED = parse_marker(
    '(platform_python_implementation == "CPython" or platform_python_implementation == "PyPy") and '
    '(sys_platform != "darwin" or platform_machine == "arm64" or platform_machine == "x86_64")'
)
"""Where somebody may want to install: a release that fits nowhere in it is no answer to anybody."""
_GRAALPY = parse_marker('platform_python_implementation == "GraalVM"')


def region_of(files: Iterable[File]) -> Marker:
    """Return where at least one of some files can be installed; a source archive can be everywhere."""
    region = NEVER
    for file in files:
        if not file.is_wheel:
            return ALWAYS
        try:
            name = file.wheel
        except UnusableName:
            continue
        pythons = reduce(or_, (python_region(python, abi) for python in name.pythons for abi in name.abis))
        region |= pythons & reduce(or_, map(platform_region, name.platforms))
        if region.is_always:
            break
    return region


@lru_cache(maxsize=1024)
def python_region(python: str, abi: str) -> Marker:
    """Return the Pythons for a tag such as `cp311` with `abi3`."""
    if python.startswith("graalpy") or abi.startswith("graalpy"):
        return _GRAALPY
    match = _PYTHON.fullmatch(python)
    if match is None:
        # That of an implementation nobody here has heard of.
        return ALWAYS
    kind, major, minor = match.groups()
    if major != "3":
        return NEVER
    implementation = f'platform_python_implementation == "{_IMPLEMENTATIONS[kind]}"' if kind != "py" else ""
    if not minor:
        versions = ""
    elif kind == "py" or abi == "abi3":
        versions = f'python_version >= "3.{minor}"'
    else:
        versions = f'python_version == "3.{minor}"'
    conditions = " and ".join(condition for condition in (implementation, versions) if condition)
    return parse_marker(conditions) if conditions else ALWAYS


@lru_cache(maxsize=1024)
def platform_region(platform: str) -> Marker:
    """Return the systems and machines for a tag such as `manylinux_2_17_x86_64`."""
    match = _PLATFORM.fullmatch(platform)
    if match is None:
        return ALWAYS
    region = parse_marker(_SYSTEMS[match[1]])
    for (system, ending), machines in _MACHINES.items():
        if system == match[1] and platform.endswith(f"_{ending}"):
            region &= parse_marker(" or ".join(f'platform_machine == "{machine}"' for machine in machines))
    return region
