"""The server speaks HTTP as large indexes do."""

from __future__ import annotations

import gc
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.fakes.asking import ask, ask_on, connect
from tests.fakes.index import FakeIndex
from tests.fakes.index.certificate import can_make_certificates


def raw(index: FakeIndex, sent: bytes, enough: int) -> bytes:
    parts = urlsplit(index.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while received.count(b"HTTP/1.1 ") < enough or not received.endswith(b"</html>\n"):
            block = connection.recv(65_536)
            if not block:
                break
            received += block
        return received


def test_no_index_stands_where_another_one_stood() -> None:
    # Of so many ports, the system would give dozens twice.
    origins = []
    for _ in range(300):
        with FakeIndex() as index:
            origins += [index.origin, index.elsewhere]
    assert len(origins) == len(set(origins))


def test_one_connection_serves_many_requests() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        connection = connect(index.url)
        for _ in range(20):
            assert ask_on(connection, f"{index.url}a/").status == 200
        connection.close()
        assert index.counts["page"] == 20
        assert index.traffic.connections == 1


def test_requests_in_a_row_are_answered_in_their_order() -> None:
    with FakeIndex() as index:
        for name in "abc":
            index.serve(name, "1")
        asked = b"".join(b"GET /simple/%c/ HTTP/1.1\r\nHost: x\r\n\r\n" % name for name in b"abc")
        received = raw(index, asked, 3)
        assert [received.find(b"Links for %c<" % name) > 0 for name in b"abc"] == [True] * 3
        assert received.find(b"Links for a<") < received.find(b"Links for b<") < received.find(b"Links for c<")


def test_a_request_may_arrive_in_pieces() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        parts = urlsplit(index.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
            for piece in (b"GET /sim", b"ple/a/ HTTP/1.1\r\nHo", b"st: x\r\n\r", b"\n"):
                connection.sendall(piece)
                time.sleep(0.01)
            assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_what_is_not_http_gets_a_400() -> None:
    with FakeIndex() as index:
        assert raw(index, b"hello\r\n\r\n", 1).startswith(b"HTTP/1.1 400 ")


def test_latency_delays_every_answer_but_not_one_after_the_other() -> None:
    with FakeIndex(latency=0.05) as index:
        index.serve("a", "1")
        begin = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: ask(f"{index.url}a/"), range(16)))
        spent = time.monotonic() - begin
        assert {answer.status for answer in answers} == {200}
        assert 0.05 <= spent < 16 * 0.05
        assert index.traffic.most_at_once > 1


def test_a_page_that_has_not_changed_is_not_sent_again() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        first = ask(f"{index.url}a/")
        known = {"If-None-Match": first.headers["etag"]}
        assert first.headers["cache-control"] == "max-age=600, public"
        again = ask(f"{index.url}a/", known)
        assert (again.status, again.body) == (304, b"")
        index.serve("a", "2")
        assert ask(f"{index.url}a/", known).status == 200
        assert (index.counts["page"], index.counts["not-modified"]) == (3, 1)


def test_how_long_pages_keep_can_be_changed_or_left_unsaid() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.max_age = 5
        assert ask(f"{index.url}a/").headers["cache-control"] == "max-age=5, public"
        index.max_age = None
        index.validators = False
        assert not {"cache-control", "etag"} & ask(f"{index.url}a/").headers.keys()


def test_pages_are_packed_for_those_who_accept_it() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        plain = ask(f"{index.url}a/")
        packed = ask(f"{index.url}a/", {"Accept-Encoding": "br, gzip;q=0.5"})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.text == plain.text
        assert "content-encoding" not in ask(f"{index.url}a/", {"Accept-Encoding": "gzip;q=0"}).headers


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-19", 10, 20), ("bytes=1000-", 1000, None), ("bytes=-7", -7, None)],
)
def test_a_part_of_a_file_can_be_asked_for(asked: str, begin: int, end: int | None) -> None:
    with FakeIndex() as index:
        index.serve("a", "1", weight=5_000)
        (file,) = index.files("a")
        part = ask(index.url_of(file), {"Range": asked})
        assert (part.status, part.body) == (206, file.body[begin:end])
        first = begin % file.size
        assert part.headers["content-range"] == f"bytes {first}-{first + len(part.body) - 1}/{file.size}"
        assert index.counts["range"] == 1


def test_a_part_beyond_the_end_is_refused() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        (file,) = index.files("a")
        part = ask(index.url_of(file), {"Range": f"bytes={file.size}-"})
        assert (part.status, part.headers["content-range"]) == (416, f"bytes */{file.size}")


def test_a_part_of_another_version_of_the_file_is_not_sent() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        (file,) = index.files("a")
        whole = ask(index.url_of(file), {"Range": "bytes=0-1", "If-Range": '"another"'})
        assert (whole.status, whole.body) == (200, file.body)
        part = ask(index.url_of(file), {"Range": "bytes=0-1", "If-Range": whole.headers["etag"]})
        assert part.status == 206


def test_ranges_can_be_ignored_or_refused() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        url = index.url_of(index.files("a")[0])
        index.ranges = "ignore"
        assert ask(url, {"Range": "bytes=0-1"}).status == 200
        index.ranges = "refuse"
        assert ask(url, {"Range": "bytes=0-1"}).status == 501
        index.ranges = "no-suffix"
        assert ask(url, {"Range": "bytes=-1"}).status == 501
        assert ask(url, {"Range": "bytes=0-1"}).status == 206


def test_head_tells_the_length_and_sends_nothing() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        (file,) = index.files("a")
        head = ask(index.url_of(file), method="HEAD")
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(file.size))
        assert head.headers["accept-ranges"] == "bytes"
        index.head = False
        assert ask(index.url_of(file), method="HEAD").status == 405
        assert index.counts["head"] == 2


def test_every_kind_of_request_is_counted_once() -> None:
    with FakeIndex() as index:
        index.serve("a", "1", sdist=True)
        wheel = index.files("a")[0]
        for address in (index.url, f"{index.url}a/", index.url_of(wheel), f"{index.url_of(wheel)}.metadata"):
            ask(address)
        for path in ("pypi/a/json", "pypi/a/1/json", "find-links/", "nothing"):
            ask(f"{index.origin}/{path}")
        counts = index.counts
        kinds = ("root", "page", "file", "metadata", "project-json", "release-json", "find-links", "other", "not-found")
        assert [counts[kind] for kind in kinds] == [1] * len(kinds)
        assert [seen.kind for seen in index.requests] == list(kinds[:-1])
        index.reset_counts()
        assert not index.counts
        assert not index.requests


def test_an_index_stands_in_for_any_host_when_it_is_asked_as_a_proxy() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        asked = b"GET http://example.org/simple/a/ HTTP/1.1\r\nHost: example.org\r\n\r\n"
        assert b"Links for a<" in raw(index, asked, 1)
        assert index.requests[0].headers["host"] == "example.org"


def test_a_client_that_comes_while_it_closes_leaves_nothing_behind() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(15):
            with FakeIndex() as index:
                connection = connect(index.url)
                connection.connect()
            connection.close()
            del index
            gc.collect()
    assert not caught


def test_several_indexes_serve_their_own_worlds_at_once() -> None:
    with FakeIndex() as one, FakeIndex() as two:
        one.serve("a", "1")
        two.serve("b", "1")
        assert [ask(f"{index.url}{name}/").status for index in (one, two) for name in "ab"] == [200, 404, 404, 200]


def test_files_may_be_served_from_another_origin() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.files_elsewhere = True
        assert f'href="{index.elsewhere}/files/' in ask(f"{index.url}a/").text
        assert ask(index.url_of(index.files("a")[0])).status == 200
        assert [seen.origin for seen in index.requests] == [0, 1]


def test_what_changes_while_it_runs_is_seen_by_the_next_request() -> None:
    with FakeIndex() as index:
        index.serve("a", "1", files={"a.py": "1"})
        old = index.files("a")[0]
        index.serve("a", "1", files={"a.py": "2"})
        assert ask(index.url_of(old)).status == 404
        index.yank("a", "1", "broken")
        assert 'data-yanked="broken"' in ask(f"{index.url}a/").text
        index.remove("a")
        assert ask(f"{index.url}a/").status == 404


def test_closing_waits_for_nobody() -> None:
    index = FakeIndex(latency=60).start()
    index.serve("a", "1")
    failures: list[Exception] = []

    def wait() -> None:
        try:
            ask(f"{index.url}a/", patience=30)
        except OSError as error:
            failures.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not index.traffic.at_once:
        time.sleep(0.001)
    begin = time.monotonic()
    index.close()
    waiting.join(20)
    assert time.monotonic() - begin < 20
    assert len(failures) == 1
    index.close()


@pytest.mark.skipif(not can_make_certificates(), reason="the program `openssl` is not installed")
def test_an_index_may_speak_tls() -> None:
    with FakeIndex(tls="valid") as index:
        index.serve("a", "1")
        assert index.url.startswith("https://")
        assert ask(f"{index.url}a/", trusted=index.certificate).status == 200
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            ask(f"{index.url}a/")
        folder = index.certificate.parent
    assert not folder.exists()


@pytest.mark.skipif(not can_make_certificates(), reason="the program `openssl` is not installed")
def test_a_certificate_may_have_expired() -> None:
    with FakeIndex(tls="expired") as index, pytest.raises(OSError, match="expired"):
        ask(index.url, trusted=index.certificate)
