"""Interpreter: a Python that environments can be made from, with what it told about itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Build:
    """How an interpreter was built and what it runs on: what decides which wheels it takes."""

    platform: str
    """As `sysconfig` names it: `linux-x86_64`, `macosx-11.0-arm64`, `win-amd64`."""
    pointer_bits: int
    extension_suffix: str
    """How the files of compiled modules end: `.cpython-312-x86_64-linux-gnu.so`."""
    is_debug: bool = False
    is_free_threaded: bool = False
    glibc: tuple[int, int] | None = None
    musl: tuple[int, int] | None = None
    macos: tuple[int, int] | None = None


@frozen
class Interpreter:
    """A Python outside of any virtual environment."""

    executable: Path
    """Without links, so that an environment keeps its Python when a link is bent."""
    version: str
    """In full: `3.12.1`, `3.14.0rc1`."""
    implementation: str
    """As markers name it: `cpython`, `pypy`."""
    prefix: Path
    layout: Mapping[str, str] = field(repr=False)
    """Where things are in an environment made from it, relative to that: `purelib`, `platlib`, `scripts`, `data`."""
    markers: Mapping[str, str] = field(repr=False)
    """What markers are evaluated against."""
    build: Build = field(repr=False)
    places: Mapping[str, str] = field(repr=False, default_factory=dict)
    """Where its own packages go, and its library is; absolute, under the names that `sysconfig` has for them."""
    libraries: tuple[str, ...] = field(repr=False, default=())
    """The folders in which it looks for its own packages."""

    @property
    def minor(self) -> tuple[int, int]:
        """The first two numbers of the version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def python_version(self) -> str:
        """The first two numbers of the version, as text."""
        return ".".join(map(str, self.minor))

    @property
    def is_prerelease(self) -> bool:
        """Whether it is an alpha, a beta or a release candidate."""
        return not self.version.replace(".", "").isdigit()

    @property
    def pretty_name(self) -> str:
        """The name of the implementation, and the version."""
        name = self.markers.get("platform_python_implementation", self.implementation)
        return f"{name} {self.version}{' (free-threaded)' if self.build.is_free_threaded else ''}"


def interpreter_from(facts: Mapping[str, object]) -> Interpreter:
    """Read what the questions in `probe_questions` were answered with; raises ValueError when it is something else."""
    markers = _texts(facts.get("markers"))
    build = Build(
        platform=_text(facts.get("platform")),
        pointer_bits=_number(facts.get("pointer_bits")),
        extension_suffix=_text(facts.get("extension_suffix")),
        is_debug=facts.get("is_debug") is True,
        is_free_threaded=facts.get("is_free_threaded") is True,
        glibc=_pair(facts.get("glibc")),
        musl=_pair(facts.get("musl")),
        macos=_pair(facts.get("macos")),
    )
    found = Interpreter(
        executable=Path(_text(facts.get("executable"))),
        version=markers["python_full_version"].rstrip("+"),
        implementation=markers["implementation_name"],
        prefix=Path(_text(facts.get("prefix"))),
        layout=_texts(facts.get("layout")),
        markers=markers,
        build=build,
        places=_texts(facts.get("places", {})),
        libraries=_listed(facts.get("libraries", [])),
    )
    if not all(part.isdecimal() for part in found.version.split(".")[:2]) or not found.executable.is_absolute():
        raise ValueError("these are not the facts of an interpreter")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is missing")  # noqa: TRY004  the value came out of a file
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError("a number is missing")  # noqa: TRY004  as above
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("a table is missing")  # noqa: TRY004  as above
    return {_text(key): _text(text) for key, text in value.items()}


def _listed(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("a list is missing")  # noqa: TRY004  as above
    return tuple(map(_text, value))


def _pair(value: object) -> tuple[int, int] | None:
    match value:
        case [int(first), int(second)]:
            return first, second
        case _:
            return None
