"""File: one wheel or source archive that an index offers."""

from __future__ import annotations

from enum import Enum

from chapbook_core.index.filename import WheelName, read_wheel_name
from chapbook_core.value import frozen


class Kind(Enum):
    """What a file holds."""

    WHEEL = "wheel"
    SDIST = "sdist"


@frozen
class File:
    """Everything the index tells about a file; what a page leaves out is None or empty."""

    filename: str
    version: str
    """The version of its release, in normal form."""
    url: str
    """Absolute, without userinfo and fragment."""
    hashes: tuple[tuple[str, str], ...] = ()
    """Algorithm and lower-case hexadecimal digest, the algorithms in alphabetical order."""
    size: int | None = None
    upload_time: str | None = None
    """UTC, as `2024-04-11T03:34:41.447563Z`: texts compare as moments do."""
    requires_python: str | None = None
    """As the index writes it."""
    yanked: bool = False
    yanked_reason: str = ""
    metadata: bool | None = None
    """Whether `<url>.metadata` is there (PEP 658); None when the page does not tell."""
    metadata_hashes: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> Kind:
        """Whether it is built or source."""
        return Kind.WHEEL if self.filename.endswith(".whl") else Kind.SDIST

    @property
    def is_wheel(self) -> bool:
        """Whether it can be installed without a build."""
        return self.filename.endswith(".whl")

    @property
    def wheel(self) -> WheelName:
        """What the name of a wheel tells: build and tags."""
        return read_wheel_name(self.filename)

    @property
    def metadata_url(self) -> str:
        """Where its metadata is, if it is anywhere beside the file."""
        path, question, query = self.url.partition("?")
        return f"{path}.metadata{question}{query}"

    def digest(self, algorithm: str = "sha256") -> str | None:
        """Return the digest of one algorithm, if the index gives it."""
        if len(self.hashes) == 1 and self.hashes[0][0] == algorithm:
            return self.hashes[0][1]
        return next((digest for name, digest in self.hashes if name == algorithm), None)
