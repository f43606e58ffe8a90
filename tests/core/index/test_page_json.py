from __future__ import annotations

import json
from typing import Any

import pytest

from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.page import OtherApiVersion, Page, parse_page
from chapbook_core.index.status import Status

URL = "https://example.org/simple/foo/"
JSON = "application/vnd.pypi.simple.v1+json"
DIGEST = "ab" * 32


def parse(*files: object, content_type: str = JSON, **more: Any) -> Page:
    document: dict[str, Any] = {"meta": {"api-version": "1.4"}, "name": "foo", "files": list(files)} | more
    return parse_page(json.dumps(document).encode(), content_type, URL, "Foo")


def entry(filename: str = "foo-1.0-py3-none-any.whl", **more: Any) -> dict[str, object]:
    return {"filename": filename, "url": f"https://example.org/f/{filename}", "hashes": {"sha256": DIGEST}} | {
        key.replace("_", "-"): value for key, value in more.items()
    }


def parse_status(status: object) -> Page:
    document = {"meta": {"api-version": "1.4"}, "name": "foo", "files": [], "project-status": status}
    return parse_page(json.dumps(document).encode(), JSON, URL, "foo")


def test_every_field_is_read() -> None:
    page = parse(
        entry(
            requires_python=">=3.9",
            size=123,
            upload_time="2024-04-11T03:34:41.447563Z",
            yanked="broken",
            core_metadata={"sha256": DIGEST},
        )
    )
    (file,) = page.release("1.0").files
    assert file.hashes == file.metadata_hashes == (("sha256", DIGEST),)
    assert (file.requires_python, file.size, file.upload_time) == (">=3.9", 123, "2024-04-11T03:34:41.447563Z")
    assert (file.yanked, file.yanked_reason, file.metadata) == (True, "broken", True)
    assert page.name == "foo"
    assert page.skipped == ()


@pytest.mark.parametrize(
    ("told", "metadata"),
    [
        ({}, None),
        ({"core_metadata": False}, False),
        ({"core_metadata": True}, True),
        ({"core_metadata": {}}, True),
        ({"dist_info_metadata": {"sha256": DIGEST}}, True),
        ({"data_dist_info_metadata": True}, True),
        ({"core_metadata": False, "dist_info_metadata": True}, False),
        ({"core_metadata": "yes"}, None),
    ],
)
def test_whether_there_is_metadata_has_three_answers(told: dict[str, Any], metadata: bool | None) -> None:
    (file,) = parse(entry(**told)).release("1.0").files
    assert file.metadata is metadata


@pytest.mark.parametrize(
    ("yanked", "expected"),
    [(True, (True, "")), (False, (False, "")), ("", (False, "")), ("why", (True, "why")), (None, (False, ""))],
)
def test_yanked_is_a_flag_or_a_reason(yanked: object, expected: tuple[bool, str]) -> None:
    (file,) = parse(entry(yanked=yanked)).release("1.0").files
    assert (file.yanked, file.yanked_reason) == expected


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-04-11T03:34:41Z", "2024-04-11T03:34:41.000000Z"),
        ("2024-04-11T03:34:41.5+02:00", "2024-04-11T01:34:41.500000Z"),
        ("2024-04-11T03:34:41", "2024-04-11T03:34:41.000000Z"),
        ("yesterday", None),
        (17, None),
    ],
)
def test_upload_times_are_brought_to_one_form(text: object, time: str | None) -> None:
    (file,) = parse(entry(upload_time=text)).release("1.0").files
    assert file.upload_time == time


def test_odd_entries_are_skipped_and_the_others_stay() -> None:
    page = parse(
        17,
        {"filename": "foo-1.0.tar.gz"},
        {"filename": 3, "url": "x"},
        entry("foo-0.1-py2.7.egg"),
        entry("bar-1.0.tar.gz"),
        entry("foo-1.0.tar.gz") | {"url": "file:///etc/passwd"},
        entry("foo-one.tar.gz"),
        entry("foo- 1.5.tar.gz"),
        entry("foo-2.0.tar.gz", size="big", requires_python=3, hashes="none", yanked=[]),
        entry("../foo-3.0.tar.gz"),
        entry("foo-2.0.tar.gz", size=2),
    )
    (file,) = page.release("2.0").files
    assert (file.size, file.requires_python, file.hashes) == (None, None, ())
    assert page.summary.versions == ("2.0",)
    assert sorted(skipped.reason for skipped in page.skipped) == sorted(
        [
            "not an entry",
            "has no file name or no URL",
            "has no file name or no URL",
            "an egg, which nothing installs any more",
            "a file of another project",
            "its link leaves the web",
            "`one` is not a version",
            "` 1.5` is not a version",
            "its name hides a path",
            "listed twice; the first entry counts",
        ]
    )


def test_the_status_and_its_reason_are_read() -> None:
    page = parse_status({"status": "quarantined", "reason": "malware"})
    assert page.status.status is Status.QUARANTINED
    assert page.status.notice == "is quarantined by its index: it is thought to be unsafe (malware)"
    assert parse_status({"status": "sleeping"}).status.notice == ""
    assert parse_status("archived").status.notice == ""


@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", "application/vnd.pypi.simple.latest+json", ""]
)
def test_every_type_of_json_is_taken(content_type: str) -> None:
    assert parse(entry(), content_type=content_type).summary.versions == ("1.0",)


@pytest.mark.parametrize("version", ["2.0", "10.1", "0.9"])
def test_another_major_version_is_refused(version: str) -> None:
    with pytest.raises(OtherApiVersion, match=version):
        parse(entry(), meta={"api-version": version})


def test_another_major_version_in_the_type_is_refused() -> None:
    with pytest.raises(OtherApiVersion, match="v2"):
        parse(entry(), content_type="application/vnd.pypi.simple.v2+json")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"message": "not found"}', b'{"files": {}}', b"[" * 100_000, b"\xff\xfe{"]
)
def test_json_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnIndex):
        parse_page(body, JSON, URL, "foo")


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", "image/png", "application/zip"])
def test_another_type_is_refused_and_named(content_type: str) -> None:
    with pytest.raises(NotAnIndex, match=content_type):
        parse_page(b"{}", content_type, URL, "foo")
