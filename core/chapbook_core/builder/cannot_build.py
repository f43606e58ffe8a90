"""The errors of a build: what in a project keeps it from becoming a distribution."""

from __future__ import annotations

from chapbook_core.errors import ChapbookError


class CannotBuild(ChapbookError):
    """A project that does not go into a distribution as it is."""


class NotAPackage(CannotBuild):
    """The project says that there is nothing to install."""

    def __init__(self) -> None:
        super().__init__(
            "this project is no package: `package-mode = false` stands under [tool.poetry]",
            hints=["drop that line, and give the project a name, a version and a package, to build it"],
        )


class FileMissing(CannotBuild):
    """A file that the project file names is not there, or is no file."""

    def __init__(self, role: str, path: str, *, reason: str = "does not exist") -> None:
        super().__init__(f"{role} `{path}` {reason}", hints=["correct its name in pyproject.toml, or add the file"])


class OutsideProject(CannotBuild):
    """Something to pack lies outside the project's folder, which a source distribution could not hold."""

    def __init__(self, path: str, *, target: str = "") -> None:
        way = f" is a link to `{target}`, which" if target else ""
        super().__init__(f"`{path}`{way} lies outside the project", hints=["move what is packed into the project"])


class LinkLoop(CannotBuild):
    """A symbolic link leads back to itself, or to a folder that it stands in."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"`{path}` is a symbolic link to itself or to a folder above itself, so following it has no end",
            hints=["remove the link, or list it under `exclude` in [tool.poetry]"],
        )


class DeadLink(CannotBuild):
    """A symbolic link leads nowhere."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"`{path}` is a symbolic link to something that does not exist",
            hints=["remove the link, or list it under `exclude` in [tool.poetry]"],
        )


class NoFile(CannotBuild):
    """A pipe, a socket or a device, which has no content to pack."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"`{path}` is neither a file nor a folder",
            hints=["remove it, or list it under `exclude` in [tool.poetry]"],
        )


class TwoFilesOneName(CannotBuild):
    """Two files of the project would have the same name in the distribution."""

    def __init__(self, target: str, first: str, second: str) -> None:
        super().__init__(
            f"both `{first}` and `{second}` would become `{target}`",
            hints=["change `from` or `to` of one of them under `packages`, or leave one out with `exclude`"],
        )


class NameNotUnicode(CannotBuild):
    """A file has a name of bytes that are no text, which no archive can hold for every platform."""

    def __init__(self, path: str) -> None:
        shown = path.encode("utf-8", "backslashreplace").decode()
        super().__init__(
            f"the name of `{shown}` is not Unicode text",
            hints=["rename it, or list it under `exclude` in [tool.poetry]"],
        )


class ChangedMeanwhile(CannotBuild):
    """A file was written to while it was being packed."""

    def __init__(self, path: str) -> None:
        super().__init__(f"`{path}` changed while it was being packed", hints=["build again when nothing writes to it"])
