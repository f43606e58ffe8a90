"""What speaks against publishing some files, all of it told at once before a byte is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen
class Problem:
    """One thing that is wrong with a file."""

    file: str
    """Its name."""
    message: str
    hint: str = ""
    is_fatal: bool = True
    """Whether the repository would refuse the file; else it is a warning."""

    @property
    def text(self) -> str:
        """The message with the file it is about."""
        return f"{self.file}: {self.message}"


class NotFit(ChapbookError):
    """Files that a repository would refuse, or that are not what the project says."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [problem.text for problem in self.problems]
        hints = list(dict.fromkeys(problem.hint for problem in self.problems if problem.hint))
        super().__init__("\n".join(["nothing was uploaded", *lines]), hints=hints)


class CannotPublish(ChapbookError):
    """Publishing does not even begin."""
