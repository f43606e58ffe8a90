"""A package index on loopback, as a test holds it: `with FakeIndex() as index: index.serve("a", "1.0")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from tests.fakes.index.application import Application
from tests.fakes.index.certificate import make_certificate
from tests.fakes.index.habits import Habits
from tests.fakes.index.login import Login
from tests.fakes.index.server import Server
from tests.fakes.index.world import World

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path
    from types import TracebackType

    from tests.fakes.index.certificate import Validity
    from tests.fakes.index.counts import Seen
    from tests.fakes.index.dialect import Dialect
    from tests.fakes.index.faults import Faults
    from tests.fakes.index.release import Content, Release
    from tests.fakes.index.server import Traffic
    from tests.fakes.index.trusted import TrustedPublishing
    from tests.fakes.index.upload import Uploads
    from tests.fakes.index.world import Description, File, Status


class _Facts(TypedDict, total=False):
    version: str
    sidecar: Content | None
    python: str | None
    yanked: bool | str
    uploaded: str


class FakeIndex(Habits):
    """Serves a world at `url` between `start` and `close`; several may run at once."""

    def __init__(
        self,
        world: World | None = None,
        *,
        port: int = 0,
        dialect: str | Dialect = "json",
        latency: float = 0.0,
        tls: Validity | None = None,
        remember: bool = True,
        control: bool = False,
    ) -> None:
        super().__init__()
        self.dialect = dialect
        self.latency = latency
        self.world = world or World()
        self._application = Application(self.world, self, remember=remember, controlled=control)
        self._port = port
        self._certificate = make_certificate(tls) if tls else None
        context = self._certificate.context() if self._certificate else None
        self._server = Server(self._application.answer, lambda: self.latency, context)

    # Its life.

    def start(self) -> Self:
        """Begin to serve."""
        self._server.start()
        for port in (self._port, 0):
            number = self._server.listen(port)
            self._application.origins.append(f"{'https' if self._certificate else 'http'}://127.0.0.1:{number}")
        return self

    def close(self) -> None:
        """Stop at once, whatever is being answered."""
        self._server.close()
        if self._certificate is not None:
            self._certificate.remove()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Where it is.

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self._application.origins[0]

    @property
    def elsewhere(self) -> str:
        """A second origin that answers like the first, but asks for no login."""
        return self._application.origins[1]

    @property
    def url(self) -> str:
        """The simple index."""
        return f"{self.origin}/simple/"

    @property
    def upload_url(self) -> str:
        """The legacy upload endpoint."""
        return f"{self.origin}/legacy/"

    @property
    def find_links_url(self) -> str:
        """One page with links to all files."""
        return f"{self.origin}/find-links/"

    def url_of(self, file: File) -> str:
        """Return where a file is served."""
        return self._application.address(file).replace("../..", self.origin)

    def url_with(self, user: str, secret: str) -> str:
        """Return the simple index with credentials in it."""
        return self.url.replace("://", f"://{user}:{secret}@")

    @property
    def certificate(self) -> Path:
        """The certificate that clients must trust, when the index speaks TLS."""
        if self._certificate is None:
            raise LookupError("this index speaks plain HTTP")
        return self._certificate.path

    # What it serves.

    def serve(self, name: str, version: str, **description: Unpack[Description]) -> Release:
        """Publish a release; one of the same name and version is replaced with all its files."""
        return self.world.serve(name, version, **description)

    def add_file(self, name: str, filename: str, body: Content, **facts: Unpack[_Facts]) -> File:
        """Publish a file as it is."""
        return self.world.add_file(name, filename, body, **facts)

    def remove(self, name: str, version: str | None = None) -> None:
        """Take a release off the index, or the whole project."""
        self.world.remove(name, version)

    def yank(self, name: str, version: str, reason: bool | str = True) -> None:  # the page's value
        """Mark a release as yanked."""
        self.world.yank(name, version, reason)

    def set_status(self, name: str, status: Status, reason: str | None = None) -> None:
        """Say what PEP 792 says of a project."""
        self.world.set_status(name, status, reason)

    def files(self, name: str) -> tuple[File, ...]:
        """Return the files of a project, oldest version first."""
        project = self.world.project(name)
        return project.files if project else ()

    def warm(self) -> None:
        """Make every page and metadata file now, so that no request pays for it."""
        self._application.warm()

    # How it behaves.

    def require_login(self, user: str, secret: str, *, realm: str = "index", pattern: str = "*") -> None:
        """Ask for Basic credentials at the addresses of a pattern; several logins may guard several parts."""
        self.logins.append(Login(user, secret, realm, pattern))

    @property
    def faults(self) -> Faults:
        """What goes wrong, and when."""
        return self._application.faults

    @property
    def uploads(self) -> Uploads:
        """The rules of the upload endpoint, and what it has accepted."""
        return self._application.uploads

    @property
    def trusted(self) -> TrustedPublishing:
        """Whom the index mints upload tokens for."""
        return self._application.trusted

    # What was asked of it.

    @property
    def counts(self) -> Counter[str]:
        """How many requests there were of each kind; see `counts.Kind`."""
        return self._application.counts.counter

    @property
    def requests(self) -> list[Seen]:
        """Every request, without its secrets."""
        return self._application.counts.seen

    def reset_counts(self) -> None:
        """Forget the requests so far."""
        self._application.counts.reset()

    @property
    def traffic(self) -> Traffic:
        """How many connections were opened, and how many requests were open at once."""
        return self._server.traffic
