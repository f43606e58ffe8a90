"""Distributions on a disk, and an uploader with little patience for a fake index."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from chapbook_core.index.address import Login
from chapbook_core.index.client import Client
from chapbook_core.index.connection import Connections
from chapbook_core.index.credentials import Credentials
from chapbook_core.index.retry import Patience
from chapbook_core.project.secret import Secret
from chapbook_core.publisher.courier import Courier
from chapbook_core.publisher.package_file import PackageFile, read_package_file
from chapbook_core.publisher.page import RepositoryPages
from chapbook_core.publisher.repository import Repository, repository_at
from chapbook_core.publisher.upload import Uploader
from tests.fakes.index.sdist import make_sdist, sdist_name
from tests.fakes.index.wheel import make_wheel, wheel_name
from tests.fakes.index.world import describe
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.index import FakeIndex
    from tests.fakes.index.world import Description

QUICK = Patience(tries=3, total=10.0, first_wait=0.01, longest_wait=0.05, longest_retry_after=1.0)


def wheel_file(folder: Path, name: str = "spam", version: str = "1.0", **facts: Unpack[Description]) -> PackageFile:
    """Write a wheel, and read it."""
    release = describe(name, version, **facts)
    path = folder / wheel_name(release, "py3-none-any")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_wheel(release, "py3-none-any"))
    return read_package_file(path)


def sdist_file(folder: Path, name: str = "spam", version: str = "1.0", **facts: Unpack[Description]) -> PackageFile:
    """Write a source distribution, and read it."""
    facts.setdefault("sdist", True)
    release = describe(name, version, **facts)
    path = folder / sdist_name(release)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_sdist(release))
    return read_package_file(path)


def login(secret: str = "s3cret-t0ken", user: str = "__token__") -> Login:
    """Return credentials of a test."""
    return Login(user, Secret(secret), "a test")


def statement(file: PackageFile, **changed: object) -> dict[str, object]:
    """Return what an attestation says of a file."""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.path.name, "digest": {"sha256": file.digests["sha256"]}}],
        "predicateType": "https://example.org/attestations/publish/v1",
        "predicate": None,
        **changed,
    }


def attestation(said: object, **changed: object) -> bytes:
    """Return an attestation that says something; nobody has signed it."""
    packed = b64encode(json.dumps(said).encode()).decode()
    return json.dumps(
        {
            "version": 1,
            "verification_material": {"certificate": "AAAA", "transparency_entries": [{}]},
            "envelope": {"statement": packed, "signature": "AAAA"},
            **changed,
        }
    ).encode()


@dataclass(frozen=True, slots=True)
class Bench:
    """An uploader with what it was made of."""

    repository: Repository
    courier: Courier
    pages: RepositoryPages
    watcher: RecordingWatcher
    uploader: Uploader


@contextmanager
def uploading(
    index: FakeIndex | str,
    *,
    login: Login | None = None,
    skip_existing: bool = False,
    watcher: RecordingWatcher | None = None,
    silence: float = 5.0,
    patience: Patience = QUICK,
) -> Iterator[Bench]:
    """Open the way to a fake index, or to an address."""
    watcher = watcher or RecordingWatcher()
    repository = repository_at("fake", index if isinstance(index, str) else index.upload_url)
    transport = Connections({})
    courier = Courier(transport, watcher, silence=silence)
    client = Client(transport, Credentials(), watcher=watcher, patience=Patience(tries=1, total=5.0))
    pages = RepositoryPages(client, repository.page_root, watcher)
    uploader = Uploader(
        repository, courier, pages, watcher, login=login, skip_existing=skip_existing, patience=patience
    )
    try:
        yield Bench(repository, courier, pages, watcher, uploader)
    finally:
        courier.close()
