"""Which reply a request gets: addresses to pages, files and answers, between logins and faults."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tests.fakes.index import control, names, pages
from tests.fakes.index.counts import Counts, kind_of
from tests.fakes.index.faults import Faults
from tests.fakes.index.listing import list_file, list_project
from tests.fakes.index.login import credentials
from tests.fakes.index.message import plain
from tests.fakes.index.negotiation import preferred
from tests.fakes.index.project_json import project_json, published, release_json
from tests.fakes.index.resource import Resource, respond
from tests.fakes.index.trusted import TrustedPublishing
from tests.fakes.index.upload import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.index.counts import Kind
    from tests.fakes.index.faults import Fault
    from tests.fakes.index.habits import Habits
    from tests.fakes.index.listing import Listing
    from tests.fakes.index.message import Reply, Request
    from tests.fakes.index.world import File, Project, World

_FOR_EVER = "max-age=365000000, immutable, public"
_MODIFIED = formatdate(1_700_000_000, usegmt=True)
_NOT_FOUND = plain(404, "there is nothing here\n")


class Application:
    """Answers requests from a world; called on the server's thread only."""

    def __init__(self, world: World, habits: Habits, *, remember: bool = True, controlled: bool = False) -> None:
        self.world = world
        self.controlled = controlled
        """Whether the addresses of `control` are served."""
        self.habits = habits
        self.faults = Faults()
        self.counts = Counts(remember=remember)
        self.uploads = Uploads(world)
        self.trusted = TrustedPublishing(self.uploads)
        self.origins: list[str] = []
        """The addresses of the origins, without a slash at the end."""
        self._cache: dict[tuple[str, ...], tuple[tuple[object, ...], Resource]] = {}

    def answer(self, request: Request) -> Reply:
        """Return the reply, and note what was asked."""
        if self.controlled and request.path.startswith(control.PREFIX):
            return control.control(request, self.counts, self.habits)
        fault = self.faults.take(request.path)
        kind, reply = self._answer(request, fault)
        if fault is not None and fault.reply is not None:
            reply = fault.reply(request, reply)
        known = credentials(request) if "authorization" in request.headers else None
        self.counts.note(request, reply, kind, known[0] if known else None)
        return reply

    def address(self, file: File) -> str:
        """Return where a file is served, as pages say it."""
        path = f"files/{file.sha256[:16]}/{quote(file.project)}/{quote(file.filename)}"
        habits = self.habits
        if habits.files_elsewhere:
            return f"{self.origins[1]}/{path}"
        return f"{self.origins[0]}/{path}" if habits.dialect.absolute else f"../../{path}"

    def warm(self) -> None:
        """Make every page and metadata file now, so that no request pays for it."""
        for name in self.world.names():
            project = self.world.project(name)
            if project is None:
                continue
            for form in (pages.JSON, pages.PLAIN_HTML) if self.habits.dialect.json else (pages.PLAIN_HTML,):
                resource = self._page(project, form, None)
                _ = resource.zipped.wire, resource.unchanged.wire
            for file in project.files:
                sidecar = self._sidecar(file)
                if sidecar is not None:
                    _ = sidecar.whole.wire

    def _answer(self, request: Request, fault: Fault | None) -> tuple[Kind, Reply]:
        parts = request.path.split("/")[1:]
        kind = kind_of(parts)
        for login in self.habits.logins:
            refusal = login.refusal(request) if login.guards(request) else None
            if refusal is not None:
                return kind, refusal
        return kind, self._route(request, kind, parts, fault)

    def _route(self, request: Request, kind: Kind, parts: list[str], fault: Fault | None) -> Reply:
        if kind == "trusted":
            return self.trusted.answer(request)
        match request.method:
            case "POST" if kind == "upload":
                return self.uploads.answer(request)
            case "GET":
                return self._get(request, parts, fault)
            case "HEAD" if self.habits.head:
                return self._get(request, parts, fault)
            case _:
                return plain(405, "not like this\n", allow="GET")

    def _get(self, request: Request, parts: list[str], fault: Fault | None) -> Reply:
        match parts:
            case ["simple", ""]:
                reply = self._root(request)
            case ["simple", name, ""]:
                reply = self._project_page(request, name, fault)
            case ["simple"] | ["simple", _]:
                reply = _moved(request.path + "/")
            case ["files", digest, name, filename]:
                reply = self._file_reply(request, digest, name, filename)
            case ["pypi", name, "json"]:
                reply = self._project_json(request, name)
            case ["pypi", name, version, "json"]:
                reply = self._release_json(request, name, version)
            case ["find-links", ""]:
                reply = self._find_links(request)
            case _:
                reply = _NOT_FOUND
        return reply

    # Pages.

    def _root(self, request: Request) -> Reply:
        form = self._form(request)
        if form is None:
            return plain(406, "JSON or HTML\n")
        dialect = self.habits.dialect
        body = (
            pages.json_root(self.world.names(), dialect) if form == pages.JSON else pages.html_root(self.world.names())
        )
        return respond(request, self._page_resource(body, form))

    def _project_page(self, request: Request, name: str, fault: Fault | None) -> Reply:
        project = self.world.project(name)
        if name != names.canonical(name):
            return _moved(f"/simple/{names.canonical(name)}/")
        if project is None:
            return _NOT_FOUND
        form = self._form(request)
        if form is None:
            return plain(406, "JSON or HTML\n")
        return respond(request, self._page(project, form, fault))

    def _page(self, project: Project, form: str, fault: Fault | None) -> Resource:
        change = fault.listing if fault is not None else None

        def make() -> Resource:
            listing = list_project(project, self.address, self.habits.metadata_for)
            return self._page_resource(self._written(change(listing) if change else listing, form), form)

        return self._cached(("page", project.canonical, form), self._state(project, change), make)

    def _state(self, project: Project, change: object = None) -> tuple[object, ...]:
        """Return all the values of which a page is made."""
        habits = self.habits
        ways = (habits.dialect, habits.metadata_for, habits.max_age, habits.validators, habits.gzip)
        return (project, *ways, habits.files_elsewhere, change)

    def _written(self, listing: Listing, form: str) -> bytes:
        write = pages.json_page if form == pages.JSON else pages.html_page
        return write(listing, self.habits.dialect)

    def _page_resource(self, body: bytes, form: str) -> Resource:
        age = self.habits.max_age
        content_type = f"{form}; charset=utf-8" if form == pages.PLAIN_HTML else form
        return Resource(
            body,
            content_type,
            "" if age is None else f"max-age={age}, public",
            compressed=self.habits.gzip,
            validated=self.habits.validators,
        )

    def _form(self, request: Request) -> str | None:
        if not self.habits.dialect.json:
            return pages.PLAIN_HTML
        return preferred(request.header("accept"), request.query)

    def _find_links(self, request: Request) -> Reply:
        entries = [
            list_file(file, self.address(file).replace("../../", "../"), announced=False)
            for name in self.world.names()
            if (project := self.world.project(name)) is not None
            for file in project.files
        ]
        body = pages.html_links(entries)
        return respond(request, self._page_resource(body, pages.PLAIN_HTML))

    # Files.

    def _file_reply(self, request: Request, digest: str, name: str, filename: str) -> Reply:
        # An address may hide a path from clients that decode it once; the file is served all the same.
        filename = unquote(filename).rpartition("/")[2]
        file = self.world.file(name, filename.removesuffix(".metadata"))
        if file is None or file.sha256[:16] != digest:
            return _NOT_FOUND
        resource = self._file(file) if filename == file.filename else self._sidecar(file)
        return _NOT_FOUND if resource is None else respond(request, resource, self.habits.ranges)

    def _file(self, file: File) -> Resource:
        return self._cached(("file", file.project, file.filename), (file,), lambda: _download(file.body))

    def _sidecar(self, file: File) -> Resource | None:
        text = file.sidecar
        if text is None or not self.habits.metadata_for(file):
            return None
        return self._cached(("metadata", file.project, file.filename), (file,), lambda: _download(text))

    # Legacy JSON.

    def _project_json(self, request: Request, name: str) -> Reply:
        project = self.world.project(name)
        if project is None or not self.habits.dialect.project_json or not project.files:
            return _NOT_FOUND
        if name != project.canonical:
            return _moved(f"/pypi/{project.canonical}/json")

        def make() -> Resource:
            body = project_json(project, self._absolute, self.habits.metadata_for)
            return self._page_resource(body, "application/json")

        return respond(request, self._cached(("project-json", name), self._state(project), make))

    def _release_json(self, request: Request, name: str, version: str) -> Reply:
        project = self.world.project(name)
        if project is None or not self.habits.dialect.release_json:
            return _NOT_FOUND
        exact = published(project, version)
        if exact is None:
            return _NOT_FOUND

        def make() -> Resource:
            body = release_json(project, exact, self._absolute, self.habits.metadata_for)
            return self._page_resource(body, "application/json")

        return respond(request, self._cached(("release-json", project.canonical, exact), self._state(project), make))

    def _absolute(self, file: File) -> str:
        return self.address(file).replace("../..", self.origins[0])

    def _cached(self, key: tuple[str, ...], state: tuple[object, ...], make: Callable[[], Resource]) -> Resource:
        """Return the resource made for exactly these values, or make it."""
        known = self._cache.get(key)
        if known is not None and all(a is b for a, b in zip(known[0], state, strict=True)):
            return known[1]
        resource = make()
        self._cache[key] = state, resource
        return resource


def _download(body: bytes) -> Resource:
    return Resource(body, "application/octet-stream", _FOR_EVER, _MODIFIED, ranged=True)


def _moved(to: str) -> Reply:
    return replace(plain(301, "it is elsewhere\n"), headers={"Location": to, "Content-Type": "text/plain"})
