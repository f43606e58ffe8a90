"""File names of distributions: what the name of a wheel or sdist says about the file.

The grammar is that of the binary and source distribution formats, as `packaging` reads them. It is read again here
because a page may list thousands of names and nothing but project and version is needed of most of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

SDIST_ENDINGS = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar")
"""Archives that hold sources; all but the first two are of the time before the format was written down."""

_WHEEL = late_pattern(
    r"([\w.]+)-([\w.+!]+)(-[0-9][\w.]*)?-([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)-(\w+(?:\.\w+)*)-(\w+(?:\.\w+)*)\.whl",
    re.ASCII,
)
_SDIST_STEM = late_pattern(r"[A-Za-z0-9][A-Za-z0-9_.+!-]*", re.ASCII)
_BUILD = late_pattern(r"(\d{1,999})(.*)", re.ASCII)

_OTHER_KINDS = {
    ".egg": "an egg, which nothing installs any more",
    ".exe": "a Windows installer",
    ".msi": "a Windows installer",
    ".rpm": "a package of a Linux distribution",
    ".deb": "a package of a Linux distribution",
    ".dmg": "a macOS disk image",
    ".asc": "a signature",
    ".sig": "a signature",
    ".metadata": "the metadata of a file",
}


class UnusableName(ValueError):
    """A file name that cannot be taken; the text of the error is the reason."""


@frozen
class WheelName:
    """The parts of a wheel's file name."""

    name: str
    """The project, canonical."""
    version: str
    """As the name writes it."""
    build: tuple[int, str] | None
    """The build tag in the order of preference; None sorts below every build."""
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag the compressed set stands for, as `py3-none-any`."""
        return tuple(
            f"{python}-{abi}-{platform}" for python in self.pythons for abi in self.abis for platform in self.platforms
        )


class NameReader:
    """Reads the file names on one project's page; the spellings of the project it meets are remembered."""

    __slots__ = ("_project", "_sdist_prefix", "_tags", "_wheel_names")

    def __init__(self, project: str) -> None:
        self._project = canonical_name(project)
        self._wheel_names: set[str] = set()
        self._tags: set[str] = set()
        self._sdist_prefix = "/"

    def version(self, filename: str) -> str:
        """Return the version a file of this project has, as its name writes it; raises UnusableName.

        The text is what stands in the version's place; whether it is a version is for the caller to see.
        """
        if filename.endswith(".whl"):
            name, _, rest = filename.partition("-")
            version, _, tags = rest.partition("-")
            if name in self._wheel_names and tags in self._tags:
                return version
            return self._wheel_version(filename, tags)
        if filename.endswith(".tar.gz") and filename.startswith(self._sdist_prefix):
            return filename[len(self._sdist_prefix) : -7]
        if filename.endswith(SDIST_ENDINGS):
            return self._sdist_version(filename)
        raise UnusableName(other_kind(filename))

    def _wheel_version(self, filename: str, tags: str) -> str:
        match = _WHEEL.fullmatch(filename)
        if match is None or "__" in match[1]:
            raise UnusableName(_hidden_path(filename) or "not a name that a wheel may have")
        name, version = match.group(1, 2)
        if canonical_name(name) != self._project:
            raise UnusableName("a file of another project")
        self._wheel_names.add(name)
        self._tags.add(tags)
        return version

    def _sdist_version(self, filename: str) -> str:
        stem = sdist_stem(filename)
        # The project may itself hold dashes, and so may an old version (`1.0-2`): the split is where the name fits.
        split = stem.find("-")
        while split > 0:
            if canonical_name(stem[:split]) == self._project:
                self._sdist_prefix = stem[: split + 1]
                return stem[split + 1 :]
            split = stem.find("-", split + 1)
        raise UnusableName("a file of another project")


def sdist_stem(filename: str) -> str:
    """Return the name of a source archive without its ending; raises UnusableName."""
    ending = next((ending for ending in SDIST_ENDINGS if filename.endswith(ending)), None)
    stem = filename[: -len(ending)] if ending else ""
    if not _SDIST_STEM.fullmatch(stem):
        raise UnusableName(_hidden_path(filename) or "not a name that a source archive may have")
    return stem


def _hidden_path(filename: str) -> str:
    """Say when a name would lead elsewhere on a disk, also after decoding it once more."""
    return "its name hides a path" if any(mark in filename for mark in ("/", "\\", "%", "\0")) else ""


def other_kind(filename: str) -> str:
    """Say what a file is that is neither wheel nor source archive."""
    ending = filename[filename.rfind(".") :].lower() if "." in filename else ""
    return _OTHER_KINDS.get(ending, "neither a wheel nor a source archive")


def looks_like_file(filename: str) -> bool:
    """Tell whether a link leads to something an index may hold, usable or not."""
    return filename.endswith((".whl", *SDIST_ENDINGS, *_OTHER_KINDS))


@lru_cache(maxsize=4096)
def read_wheel_name(filename: str) -> WheelName:
    """Return the parts of a wheel's file name; raises UnusableName."""
    match = _WHEEL.fullmatch(filename)
    if match is None or "__" in match[1]:
        raise UnusableName("not a name that a wheel may have")
    name, version, build_text, pythons, abis, platforms = match.groups()
    build = None
    if build_text and (parts := _BUILD.fullmatch(build_text[1:])):
        build = (int(parts[1]), parts[2])
    return WheelName(
        name=canonical_name(name),
        version=version,
        build=build,
        pythons=tuple(pythons.lower().split(".")),
        abis=tuple(abis.lower().split(".")),
        platforms=tuple(platforms.lower().split(".")),
    )


def possible_names(filename: str) -> tuple[str, ...]:
    """Return every project, canonical, that a file could belong to by its name; for folders that hold many."""
    if filename.endswith(".whl"):
        match = _WHEEL.fullmatch(filename)
        return (canonical_name(match[1]),) if match else ()
    try:
        stem = sdist_stem(filename)
    except UnusableName:
        return ()
    splits = (index for index, letter in enumerate(stem) if letter == "-")
    # A version begins with a digit, or with the `v` that PEP 440 forgives.
    names = (canonical_name(stem[:index]) for index in splits if stem[index + 1 : index + 2].lower() in "v0123456789")
    return tuple(dict.fromkeys(names))
