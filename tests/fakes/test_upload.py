"""The upload endpoint publishes what is right and says what is wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.fakes.asking import Answer, ask
from tests.fakes.index import FakeIndex
from tests.fakes.index.wheel import make_wheel
from tests.fakes.index.world import describe
from tests.fakes.test_login import basic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.index.upload import Duplicate

NAME = "a_b-1.0-py3-none-any.whl"
WHEEL = make_wheel(describe("a-b", "1.0", requires=["c"]), "py3-none-any")


def upload(
    index: FakeIndex,
    content: bytes = WHEEL,
    headers: dict[str, str] | None = None,
    *,
    filename: str = NAME,
    changed: Mapping[str, str] | None = None,
) -> Answer:
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.3",
        "name": "a-b",
        "version": "1.0",
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "requires_python": ">=3.9",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        **(changed or {}),
    }
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts += [f'Content-Disposition: form-data; name="classifiers"\r\n\r\n{value}' for value in ("One", "Two")]
    head = f'Content-Disposition: form-data; name="content"; filename="{filename}"\r\n'
    body = b"".join(b"--edge\r\n" + part.encode() + b"\r\n" for part in parts)
    body += b"--edge\r\n" + head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content
    body += b"\r\n--edge--\r\n"
    sent = {"Content-Type": "multipart/form-data; boundary=edge", **(headers or {})}
    return ask(index.upload_url, sent, method="POST", body=body)


def test_an_uploaded_wheel_is_published_byte_by_byte_with_its_metadata() -> None:
    with FakeIndex() as index:
        content = make_wheel(describe("a-b", "1.0", weight=50_000), "py3-none-any")
        assert upload(index, content).status == 200
        (file,) = index.files("a-b")
        assert (file.filename, file.version, file.python) == (NAME, "1.0", ">=3.9")
        assert ask(index.url_of(file)).body == content
        assert b"Name: a-b" in ask(f"{index.url_of(file)}.metadata").body
        (accepted,) = index.uploads.accepted
        assert accepted.fields["classifiers"] == ("One", "Two")
        assert index.counts["upload"] == 1


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r", b"\r\n\r\n--edg", b"\x00\xff"])
def test_bytes_at_the_end_of_a_file_are_kept(ending: bytes) -> None:
    with FakeIndex() as index:
        content = b"\x1f\x8b\r\n--edg" + ending
        assert upload(index, content, filename="a_b-1.0.tar.gz", changed={"filetype": "sdist"}).status == 200
        assert index.files("a-b")[0].body == content


def test_a_wrong_digest_is_refused() -> None:
    with FakeIndex() as index:
        answer = upload(index, changed={"sha256_digest": "0" * 64})
        assert answer.status == 400
        assert "sha256_digest" in answer.text
        assert upload(index, changed={"md5_digest": "0" * 32}).status == 400
        assert upload(index, changed={"blake2_256_digest": "0" * 64}).status == 400
        assert not index.uploads.accepted


@pytest.mark.parametrize(
    ("rule", "status", "words"),
    [
        ("exists", 400, "already exist"),
        ("conflict", 409, "conflict"),
        ("overwrite", 403, "overwrite artifact"),
        ("taken", 400, "already been taken"),
        ("accept", 200, ""),
    ],
)
def test_a_second_file_of_a_name_is_answered_by_the_rule(rule: Duplicate, status: int, words: str) -> None:
    with FakeIndex() as index:
        index.uploads.on_duplicate = rule
        upload(index)
        other = make_wheel(describe("a-b", "1.0", requires=["d"]), "py3-none-any")
        answer = upload(index, other)
        assert answer.status == status
        assert words in answer.text
        assert index.files("a-b")[0].body == (other if rule == "accept" else WHEEL)


def test_the_same_bytes_twice_are_welcome() -> None:
    with FakeIndex() as index:
        assert [upload(index).status for _ in range(2)] == [200, 200]
        assert len(index.uploads.accepted) == 1


def test_uploads_ask_for_their_own_credentials() -> None:
    with FakeIndex() as index:
        index.uploads.tokens["__token__"] = "t0ken"
        assert upload(index).status == 401
        assert upload(index, headers=basic("__token__", "wrong")).status == 403
        assert upload(index, headers=basic("__token__", "t0ken")).status == 200
        assert index.uploads.accepted[0].user == "__token__"


def test_a_guarded_index_takes_no_upload_without_its_login() -> None:
    with FakeIndex() as index:
        index.require_login("user", "secret")
        assert upload(index).status == 401
        assert not index.files("a-b")
        assert upload(index, headers=basic("user", "secret")).status == 200


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({":action": "submit"}, "action"),
        ({"name": ""}, "missing: name"),
        ({"sha256_digest": ""}, "a digest"),
        ({"name": "other"}, "`other`"),
    ],
)
def test_what_is_missing_or_contradictory_is_named(changed: dict[str, str], words: str) -> None:
    with FakeIndex() as index:
        answer = upload(index, changed=changed)
        assert answer.status == 400
        assert words in answer.text


def test_what_is_no_form_is_refused() -> None:
    with FakeIndex() as index:
        assert ask(index.upload_url, method="POST", body=b"x").status == 400
        assert ask(index.url, method="POST", body=b"x").status == 405
        assert ask(index.upload_url).status == 404


def test_a_body_may_come_in_chunks() -> None:
    with FakeIndex() as index:
        body = b"4\r\n--ed\r\n3\r\nge\r\r\n0\r\n\r\n"
        answer = ask(index.upload_url, {"Transfer-Encoding": "chunked"}, method="POST", body=body)
        assert answer.status == 400
        assert ask(index.url).status == 200
