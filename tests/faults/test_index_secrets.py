"""Random secrets in every place a credential may come from; nothing but the request may hold them afterwards."""

from __future__ import annotations

import base64
import secrets
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from chapbook_core.errors import ChapbookError
from chapbook_core.index import keyring
from chapbook_core.index.keyring import Keyring
from chapbook_core.index.opening import open_index
from chapbook_core.index.sources import arrange
from chapbook_core.index.transport import Limits
from chapbook_core.project.secret import Secret
from chapbook_core.project.source import Source
from chapbook_core.requirements.url import Userinfo
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.opened import QUICK
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.index.faults import Fault

KEYRING = "import json, sys; json.dump({'username': 'alice', 'password': %r}, sys.stdout)"
PLACES = ("url", "environment", "poetry", "settings", "netrc", "keyring", "redirect", "proxy", "query")


@dataclass
class Case:
    """The secrets of one run, and every text that came out of it."""

    secrets: dict[str, str]
    texts: list[str] = field(default_factory=list)

    def sinks(self, *folders: Path) -> Iterator[bytes]:
        yield "\n".join(self.texts).encode()
        for folder in folders:
            for path in folder.rglob("*"):
                yield str(path).encode()
                if path.is_file():
                    yield path.read_bytes()

    def leaks(self, *folders: Path) -> list[str]:
        content = b"\n".join(self.sinks(*folders))
        return [place for place, secret in self.secrets.items() for form in forms(secret) if form in content]


def forms(secret: str) -> set[bytes]:
    """Write a secret in every way it could be written by accident."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), secret.encode("utf-16-le"), raw.hex().encode()}
    for before in (b"", b"alice:", b"u"):
        packed = base64.b64encode(before + raw)
        # Whole groups that hold nothing but the secret are the same whatever stands around it.
        start = -(-len(before) // 3) * 4
        found.add(packed[start : len(packed) - 4])
    return found


def make_secret() -> str:
    return f"{secrets.token_urlsafe(9)}/@:{secrets.token_urlsafe(9)}"


def test_a_secret_is_found_in_every_form() -> None:
    secret = make_secret()
    for text in (
        secret,
        quote(secret, safe=""),
        base64.b64encode(f"alice:{secret}".encode()).decode(),
        f"x{secret.encode().hex()}x",
    ):
        assert any(form in text.encode() for form in forms(secret))


FAULTS: dict[str, Fault | None] = {
    "none": None,
    "refused": reply_faults.status(401),
    "forbidden": reply_faults.status(403),
    "missing": reply_faults.status(404),
    "trouble": reply_faults.status(503),
    "reset": reply_faults.reset(),
    "truncated": reply_faults.truncated(),
    "portal": reply_faults.captive_portal(),
    "not http": reply_faults.not_http(),
    "loop": reply_faults.redirect(""),
    "away": reply_faults.redirect("ftp://example.org/"),
    "bomb": reply_faults.gzip_bomb(8),
    "damaged": reply_faults.flipped_byte(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_is_left_in_events_errors_or_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    case = Case({place: make_secret() for place in PLACES})
    watcher = RecordingWatcher()
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"])
        # Only the keyring's login opens it: every other one is tried and refused before.
        index.require_login("alice", case.secrets["keyring"])
        if (broken := FAULTS[fault]) is not None:
            index.faults.times(2, "/simple/*", broken)
            index.faults.times(2, "*.metadata", broken)
        location = index.url.replace("://", f"://alice:{quote(case.secrets['redirect'], safe='')}@")
        index.faults.once("/simple/redirected/", reply_faults.redirect(f"{location}a/"))
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / ".netrc").write_text(f"machine 127.0.0.1 login alice password {case.secrets['netrc']}\n")
        program = [sys.executable, "-c", KEYRING % case.secrets["keyring"]]
        monkeypatch.setattr(keyring, "Keyring", lambda variables, told: Keyring(variables, told, program=program))
        sources = arrange(
            [Source("fake", index.url, credentials=Userinfo("alice", case.secrets["url"]))],
            lambda: pytest.fail("no default index is needed"),
            find_links=[f"{index.find_links_url}?token={case.secrets['query']}"],
        )
        with open_index(
            sources,
            variables={
                "CHAPBOOK_HTTP_BASIC_FAKE_USERNAME": "alice",
                "CHAPBOOK_HTTP_BASIC_FAKE_PASSWORD": case.secrets["environment"],
                "POETRY_HTTP_BASIC_FAKE_USERNAME": "alice",
                "POETRY_HTTP_BASIC_FAKE_PASSWORD": case.secrets["poetry"],
                "HTTPS_PROXY": f"http://alice:{quote(case.secrets['proxy'], safe='')}@127.0.0.1:9",
            },
            home=tmp_path / "home",
            watcher=watcher,
            cache_folder=tmp_path / "cache",
            configured=lambda _name: ("alice", Secret(case.secrets["settings"])),
            limits=Limits(connect=1.0, silence=1.0, size=1_000_000),
            patience=QUICK,
        ) as opened:
            for act in (
                lambda: opened.reader.versions("a"),
                lambda: opened.reader.metadata("a", "1.0"),
                lambda: opened.reader.files("a", "1.0"),
                lambda: opened.reader.versions("redirected"),
                lambda: opened.reader.versions("missing"),
                lambda: opened.client.get("https://chapbook.invalid/simple/a/"),
                lambda: opened.client.get(f"{index.origin}/none/?token={case.secrets['query']}"),
            ):
                try:
                    case.texts.append(repr(act()))
                except ChapbookError as failure:
                    case.texts += [failure.message, *failure.hints, repr(failure), repr(vars(failure))]
                    case.texts += traceback.format_exception(failure)
            case.texts += [repr(sources), repr(vars(opened.client._credentials)), repr(opened)]
        assert case.leaks(tmp_path / "cache") == []
    case.texts += [repr(event) for event in watcher.events]
    case.texts += capfd.readouterr()
    assert case.leaks(tmp_path / "cache") == []
    assert any(seen.user == "alice" for seen in index.requests) or fault != "none"
