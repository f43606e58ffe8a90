"""One file on its way to a repository: what went wrong on the way is tried again, and nothing arrives twice."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.failure import IndexFailure, ServerTrouble, Unreachable
from chapbook_core.index.retry import Patience, retry_after_seconds
from chapbook_core.publisher.form import UploadForm
from chapbook_core.publisher.page import Presence
from chapbook_core.publisher.refusal import OtherFileThere, RedirectRefused, is_duplicate, refusal, words_of
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chapbook_core.events import Watcher
    from chapbook_core.index.address import Login
    from chapbook_core.index.transport import Answer
    from chapbook_core.publisher.courier import Courier
    from chapbook_core.publisher.package_file import PackageFile
    from chapbook_core.publisher.page import RepositoryPages
    from chapbook_core.publisher.repository import Repository

PATIENCE = Patience(tries=5, total=600.0, first_wait=1.0, longest_wait=15.0, longest_retry_after=120.0)
_TROUBLES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_TICK = 0.5


class Outcome(Enum):
    """What became of a file."""

    UPLOADED = "uploaded"
    ARRIVED = "arrived"
    """Uploaded by a try whose answer got lost."""
    THERE = "there already"
    SKIPPED = "skipped"
    """Left out because the repository has one of that name."""
    PLANNED = "would be uploaded"


class MaybeThere(ChapbookError):
    """A try broke off; the repository has a file of that name since, but does not tell its digest."""

    def __init__(self, file: str, repository: Repository) -> None:
        super().__init__(
            f"{repository.shown} has `{file}`, but it cannot be told whether it is the one that was sent: "
            "the connection broke while it was uploaded",
            hints=["look at it there; `--skip-existing` publishes the rest without it"],
        )


@frozen
class Sent:
    """What became of a file, after how many requests that carried it."""

    outcome: Outcome
    tries: int


class Uploader:
    """Sends files to one repository."""

    def __init__(
        self,
        repository: Repository,
        courier: Courier,
        pages: RepositoryPages,
        watcher: Watcher,
        *,
        login: Login | None,
        skip_existing: bool = False,
        patience: Patience = PATIENCE,
    ) -> None:
        self._repository = repository
        self._courier = courier
        self._pages = pages
        self._watcher = watcher
        self._login = login
        self._skips = skip_existing
        self._patience = patience

    def upload(
        self, file: PackageFile, attestations: Sequence[str] = (), advance: Callable[[int], None] = lambda _: None
    ) -> Sent:
        """Send a file; `advance` hears how many bytes of it have left."""
        deadline = time.monotonic() + self._patience.total
        form = UploadForm(file, attestations)
        tries, is_unsure = 0, False
        while True:
            tries += 1
            try:
                outcome = self._judged(file, self._send(form, file, advance), is_unsure=is_unsure)
            except IndexFailure as failure:
                wait = self._wait(failure, tries, deadline)
                # A connection that never stood has carried nothing.
                is_unsure = is_unsure or not isinstance(failure, Unreachable)
            else:
                return Sent(outcome, tries)
            self._sleep(wait)
            match self._pages.presence(file):
                case Presence.SAME:
                    return Sent(Outcome.ARRIVED, tries)
                case Presence.OTHER if not self._skips:
                    raise OtherFileThere(file.path.name, self._repository)
                case _:
                    continue

    def _send(self, form: UploadForm, file: PackageFile, advance: Callable[[int], None]) -> Answer:
        def counted() -> Iterator[bytes]:
            done = 0
            for piece in form:
                yield piece
                done += len(piece)
                advance(min(done, file.size))

        return self._courier.send(
            self._repository.url, counted(), length=form.length, content_type=form.content_type, login=self._login
        )

    def _judged(self, file: PackageFile, answer: Answer, *, is_unsure: bool) -> Outcome:
        if answer.status in _TROUBLES:
            raise ServerTrouble(
                answer.url,
                answer.status,
                retry_after=retry_after_seconds(answer.headers.get("retry-after"), time.time()),
            )
        if 200 <= answer.status < 300:  # noqa: PLR2004  the class of good statuses
            return Outcome.UPLOADED
        if 300 <= answer.status < 400:  # noqa: PLR2004  the class of redirects
            raise RedirectRefused(self._repository, answer)
        if not is_duplicate(answer):
            raise refusal(file.path.name, self._repository, answer, self._login)
        return self._duplicate(file, answer, is_unsure=is_unsure)

    def _duplicate(self, file: PackageFile, answer: Answer, *, is_unsure: bool) -> Outcome:
        """Tell whether the file that is there is this one: some repositories say so, others show it on their page."""
        there = Outcome.ARRIVED if is_unsure else Outcome.THERE
        text = words_of(answer).lower()
        if any(digest in text for digest in file.digests.values()):
            return there
        presence = self._pages.presence(file)
        if presence is Presence.SAME:
            return there
        if self._skips:
            return Outcome.SKIPPED
        if presence is Presence.OTHER:
            raise OtherFileThere(file.path.name, self._repository)
        if is_unsure:
            raise MaybeThere(file.path.name, self._repository)
        raise refusal(file.path.name, self._repository, answer, self._login)

    def _wait(self, failure: IndexFailure, tries: int, deadline: float) -> float:
        """Return the seconds to wait before the next try; raises the failure when there is none."""
        asked = failure.retry_after if isinstance(failure, ServerTrouble) else None
        wait = self._patience.wait(tries, asked, deadline - time.monotonic()) if failure.passing else None
        if wait is None:
            failure.hints = (*failure.hints, "run the command again: what has arrived is not sent twice")
            raise failure
        self._watcher.emit(Notice("info", f"{failure.message}; uploading again in {wait:.0f} s"))
        return wait

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._watcher.checkpoint()
            time.sleep(min(left, _TICK))
