"""What came of publishing: each file, and the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.cache import readable_size
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.publisher.upload import Outcome
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.build import BuildResult

_SENT = frozenset({Outcome.UPLOADED, Outcome.ARRIVED})
_WORDS = {
    Outcome.UPLOADED: ("Uploaded ", ""),
    Outcome.ARRIVED: ("Uploaded ", "; the answer was lost, and the repository has it"),
    Outcome.THERE: ("", " is there already, with the same content"),
    Outcome.SKIPPED: ("Skipped ", ", a name that the repository has given already"),
    Outcome.PLANNED: ("Would upload ", ""),
}


@frozen
class PublishedFile:
    """One file, and what became of it."""

    path: Path
    size: int
    sha256: str
    outcome: Outcome
    tries: int = 0
    attested: bool = False

    @property
    def was_sent(self) -> bool:
        """Whether the repository has it from this command."""
        return self.outcome in _SENT

    def line(self) -> Line:
        """Tell it."""
        before, after = _WORDS[self.outcome]
        signed = ", attested" if self.attested else ""
        return Line((before, Span(self.path.name, "strong"), f" ({readable_size(self.size)}{signed}){after}"))


@frozen
class PublishResult(Result):
    """What was published, and where."""

    name: str
    version: str
    repository: str
    url: str
    """For people: without credentials."""
    files: tuple[PublishedFile, ...]
    user: str = ""
    credentials: str = ""
    """Where they come from."""
    dry_run: bool = False
    built: BuildResult | None = None
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell each file, then the whole."""
        blocks: list[Block] = list(self.built.report()) if self.built is not None else []
        blocks += [file.line() for file in self.files]
        if self.credentials:
            blocks.append(Line(f"as the user {self.user}, by the credentials from {self.credentials}", detail=1))
        blocks.append(Line(self._whole()))
        blocks += [Message("warning", warning) for warning in self.warnings]
        return (*blocks, *(Message("note", hint) for hint in self.hints))

    def _whole(self) -> str:
        what = f"{self.name} {self.version}"
        if any(file.was_sent for file in self.files):
            return f"Published {what} to {self.url}"
        if any(file.outcome is Outcome.PLANNED for file in self.files):
            return f"Would publish {what} to {self.url}; nothing was sent"
        return f"Nothing to upload: {self.url} has every file of {what}"
