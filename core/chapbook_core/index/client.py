"""Requests with manners: credentials for their origin alone, redirects with care, trouble borne for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

from chapbook_core.events import Notice
from chapbook_core.index.address import masked, origin_of, split_login
from chapbook_core.index.body import Broken, Digest, Overfull, accepted_encodings, unpacked
from chapbook_core.index.connection import basic
from chapbook_core.index.download import Download
from chapbook_core.index.failure import (
    AccessDenied,
    IndexFailure,
    NoAnswer,
    NoSuchFile,
    NotAnAddress,
    RedirectRefused,
    ServerTrouble,
    TooLarge,
    Truncated,
    UnexpectedStatus,
    WrongHash,
)
from chapbook_core.index.retry import Patience, retry_after_seconds
from chapbook_core.index.transport import Limits, Request
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_core.events import Watcher
    from chapbook_core.index.address import Login, Origin
    from chapbook_core.index.body import Brief
    from chapbook_core.index.credentials import Credentials
    from chapbook_core.index.transport import Answer, Transport

AGENT = "chapbook"
SLOW_AFTER = 3.0
"""Seconds of waiting after which a host is named as slow."""
_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TROUBLES = frozenset({408, 425, 429, 500, 502, 503, 504})
_USABLE = frozenset({200, 206, 304, 404, 410, 416})
_NO_FILE = frozenset({404, 410})
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_TICK = 0.5
_T = TypeVar("_T")


@frozen
class _Errand:
    """One thing to get, over all its redirects and tries."""

    url: str
    headers: Mapping[str, str]
    limits: Limits
    deadline: float
    sink: Callable[[bytes | memoryview], object] | None = field(default=None)
    is_vain: Callable[[], bool] = field(default=lambda: False)


class Client:
    """Gets things from indexes; used from many threads at once."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        *,
        watcher: Watcher,
        patience: Patience = Patience(),  # noqa: B008  a frozen value
        limits: Limits = Limits(),  # noqa: B008  likewise
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._watcher = watcher
        self._patience = patience
        self._limits = limits
        self._now = now
        self._digest = Digest()
        self._slow: set[str] = set()
        self._lock = threading.Lock()
        self.requests = 0
        """How many requests have left; tests assert it."""

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        size: int | None = None,
        is_vain: Callable[[], bool] = lambda: False,
        brief: Brief | None = None,
    ) -> Answer:
        """Get an answer with status 200, 206, 304, 404, 410 or 416; an `IndexFailure` for anything else.

        Once it `is_vain`, nobody waits any longer for an answer of which nothing has come. What `brief` makes of the
        body, if it makes anything of it, the answer has in its place.
        """
        limits = self._limits if size is None else replace(self._limits, size=size)
        sent = {"User-Agent": AGENT, "Accept-Encoding": accepted_encodings(), **(headers or {})}
        errand = _Errand(url, sent, limits, time.monotonic() + self._patience.total, is_vain=is_vain)
        return self._bear(errand, lambda: self._unpacked(self._followed(errand), limits, brief))

    def download(
        self, url: str, file: BinaryIO, *, hashes: Mapping[str, str], size: int, continued: bool = False
    ) -> None:
        """Write what a URL holds to an open file, and check its hashes; there is no time limit but a slowest rate.

        `continued`, what the file holds is taken for its beginning, and so is what a try has brought that was broken
        off; the hashes, of which there has to be one, tell whether it was.
        """
        limits = replace(self._limits, size=size)
        resumes = continued and bool(hashes)

        def once() -> None:
            nonlocal resumes
            download = Download(file, hashes, continued=resumes)
            if download.is_complete:
                return
            sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **download.headers()}
            answer = self._followed(_Errand(url, sent, limits, float("inf"), download.write))
            is_good = download.accept(answer.status, answer.headers.get("content-range", ""))
            wrong = download.mismatch() if is_good else None
            if download.start and (not is_good or wrong is not None):
                # What was there is not its beginning, or there is no more to come.
                resumes = False
                once()
            elif not is_good:
                no_file = answer.status in _NO_FILE
                raise (NoSuchFile if no_file else UnexpectedStatus)(answer.url, answer.status)
            elif wrong is not None:
                resumes = False
                raise WrongHash(url, *wrong)

        self._bear(_Errand(url, {}, limits, float("inf")), once)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _bear(self, errand: _Errand, once: Callable[[], _T]) -> _T:
        tried, began = 0, time.monotonic()
        while True:
            tried += 1
            try:
                return once()
            except IndexFailure as failure:
                if not failure.passing or errand.is_vain():
                    raise
                asked = failure.retry_after if isinstance(failure, ServerTrouble) else None
                wait = self._patience.wait(tried, asked, errand.deadline - time.monotonic())
                if isinstance(failure, WrongHash) and tried > 1:
                    wait = None
                if wait is None and isinstance(failure, NoAnswer):
                    lasting = time.monotonic() - began
                    raise NoAnswer(errand.url, f"no answer for {lasting:.0f} s, to {tried} requests") from failure
                if wait is None:
                    raise
                self._watcher.emit(Notice("debug", f"{failure.message}; asking again in {wait:.1f} s"))
                self._sleep(wait)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._watcher.checkpoint()
            time.sleep(min(left, _TICK))

    def _followed(self, errand: _Errand) -> Answer:
        """Send a request and follow its redirects."""
        url, login = split_login(errand.url)
        first = _origin(url)
        if login is not None:
            self._credentials.learn(first, login)
        seen = [url]
        while True:
            answer = self._authorised(errand, url, redirected=len(seen) > 1)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return self._judged(answer)
            url = _next_hop(url, location)
            if url in seen or len(seen) > _MOST_REDIRECTS:
                raise RedirectRefused(errand.url, "its redirects lead round in a circle")
            seen.append(url)

    def _authorised(self, errand: _Errand, url: str, *, redirected: bool) -> Answer:
        login = self._credentials.offer(url, redirected=redirected)
        tried: list[Login] = []
        is_refused_before = False
        while True:
            answer = self._sent(errand, url, login)
            if answer.status not in {_UNAUTHORIZED, _FORBIDDEN}:
                if is_refused_before and login is not None:
                    self._credentials.learn(origin_of(url), login)
                return answer
            is_refused_before = True
            if login is not None:
                tried.append(login)
            login = None
            if answer.status == _UNAUTHORIZED and not redirected:
                login = self._credentials.after_refusal(url, tried)
            if login is None:
                found = list(dict.fromkeys(one.found for one in tried))
                raise AccessDenied(url, answer.status, found, self._credentials.source_of(url))

    def _sent(self, errand: _Errand, url: str, login: Login | None) -> Answer:
        headers = {**errand.headers, "Authorization": basic(login)} if login else errand.headers
        host = urlsplit(url).hostname or ""
        with self._lock:
            self.requests += 1

        def tick(waited: float) -> None:
            self._watcher.checkpoint()
            if waited > SLOW_AFTER:
                self._name_slow(host, errand)

        return self._transport.get(
            Request(
                url,
                headers,
                limits=errand.limits,
                deadline=errand.deadline,
                tick=tick,
                sink=errand.sink,
                is_vain=errand.is_vain,
            )
        )

    def _name_slow(self, host: str, errand: _Errand) -> None:
        with self._lock:
            if host in self._slow:
                return
            self._slow.add(host)
        most = f", for {self._patience.total:.0f} s at most" if errand.deadline < float("inf") else ""
        self._watcher.emit(Notice("info", f"waiting for {host}, which is slow to answer{most}"))

    def _judged(self, answer: Answer) -> Answer:
        if answer.status in _TROUBLES:
            retry_after = retry_after_seconds(answer.headers.get("retry-after"), self._now())
            raise ServerTrouble(answer.url, answer.status, retry_after=retry_after)
        if answer.status not in _USABLE:
            raise UnexpectedStatus(answer.url, answer.status)
        return answer

    def _unpacked(self, answer: Answer, limits: Limits, brief: Brief | None) -> Answer:
        encoding = answer.headers.get("content-encoding", "")
        if not answer.body or (not encoding and brief is None):
            return answer
        try:
            if brief is None:
                return replace(answer, body=unpacked(answer.body, encoding, limits.size))
            return replace(answer, body=self._digest.of(answer.body, encoding, limits.size, brief))
        except Broken as problem:
            raise Truncated(answer.url, str(problem)) from None
        except Overfull:
            raise TooLarge(answer.url, limits.size) from None


def _origin(url: str) -> Origin:
    try:
        return origin_of(url)
    except ValueError as problem:
        raise NotAnAddress(url, str(problem)) from None


def _next_hop(url: str, location: str) -> str:
    try:
        target, _login = split_login(urljoin(url, location).partition("#")[0])
        scheme = urlsplit(target).scheme
    except ValueError:
        raise RedirectRefused(url, "it redirects to a malformed URL") from None
    if scheme not in {"http", "https"}:
        raise RedirectRefused(url, f"it redirects to `{scheme}:`, which is not the web")
    if urlsplit(url).scheme == "https" and scheme == "http":
        raise RedirectRefused(url, f"it redirects away from https, to {masked(target)}")
    return target
