"""Every fault does what it says, as often as was asked, and lets the index close."""

from __future__ import annotations

import gzip
import time
import zlib
from http.client import BadStatusLine, IncompleteRead
from typing import TYPE_CHECKING, cast

import pytest

from tests.fakes.asking import Answer, ask, connect, follow
from tests.fakes.index import FakeIndex, page_faults, reply_faults
from tests.fakes.index.listing import Entry
from tests.fakes.index.pages import JSON

if TYPE_CHECKING:
    from tests.fakes.index.faults import Fault

PAGE = "/simple/a/"


def with_page(index: FakeIndex, fault: Fault) -> str:
    index.serve("a", "1", requires=["b"])
    index.faults.always(PAGE, fault)
    return f"{index.url}a/"


def listed(answer: Answer) -> dict[str, object]:
    """Return the last file of a page."""
    return cast("list[dict[str, object]]", answer.json["files"])[-1]


def faulty_entry(fault: Fault) -> dict[str, object]:
    with FakeIndex() as index:
        return listed(ask(with_page(index, fault), {"Accept": JSON}))


def test_counted_faults_come_first_in_their_order_and_lasting_ones_stay() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.faults.always("/simple/*", reply_faults.status(404))
        index.faults.once(PAGE, reply_faults.status(500))
        index.faults.times(2, PAGE, reply_faults.status(503, retry_after=1))
        answers = [ask(f"{index.url}a/") for _ in range(5)]
        assert [answer.status for answer in answers] == [500, 503, 503, 404, 404]
        assert answers[1].headers["retry-after"] == "1"
        assert index.counts["server-error"] == 3
        index.faults.clear()
        assert ask(f"{index.url}a/").status == 200


def test_faults_of_other_addresses_wait() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.faults.once("*.metadata", reply_faults.status(500))
        (file,) = index.files("a")
        assert ask(index.url_of(file)).status == 200
        assert index.faults.waiting == 1
        assert ask(f"{index.url_of(file)}.metadata").status == 500


@pytest.mark.parametrize("after", [0, 20])
def test_a_reset_is_read_as_one(after: int) -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.reset(after))
        with pytest.raises(ConnectionResetError):
            ask(url)


@pytest.mark.parametrize("length", [True, False])
def test_a_truncated_body_is_incomplete(*, length: bool) -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.truncated(length=length))
        with pytest.raises(IncompleteRead):
            ask(url)


def test_a_truncated_body_without_length_looks_whole() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.truncated_without_length(0.25))
        answer = ask(url)
        assert answer.status == 200
        assert "content-length" not in answer.headers
        index.faults.clear()
        assert 0 < len(answer.body) < len(ask(url).body) / 3


@pytest.mark.parametrize("fault", [reply_faults.without_length(), reply_faults.chunked()])
def test_unusual_framings_are_no_loss(fault: Fault) -> None:
    with FakeIndex() as index:
        url = with_page(index, fault)
        unusual = ask(url)
        index.faults.clear()
        usual = ask(url)
        assert "content-length" not in unusual.headers
        assert unusual.body == usual.body


def test_one_byte_is_flipped() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.flipped_byte(3))
        flipped = ask(url).body
        index.faults.clear()
        right = ask(url).body
        assert [place for place in range(len(right)) if right[place] != flipped[place]] == [3]


def test_a_captive_portal_answers_with_a_page_that_is_no_index() -> None:
    with FakeIndex() as index:
        answer = ask(with_page(index, reply_faults.captive_portal()), {"Accept": JSON})
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
        assert "Please log in" in answer.text


def test_a_content_type_can_be_wrong_or_missing() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.wrong_content_type("image/png"))
        assert ask(url).headers["content-type"] == "image/png"
        index.faults.once(PAGE, reply_faults.wrong_content_type(""))
        assert "content-type" not in ask(url).headers


@pytest.mark.parametrize("fault", [reply_faults.hang(), reply_faults.hang_in_body(), reply_faults.slow_drip()])
def test_what_takes_for_ever_ends_when_the_client_or_the_index_gives_up(fault: Fault) -> None:
    index = FakeIndex().start()
    url = with_page(index, fault)
    with pytest.raises(TimeoutError):
        ask(url, patience=0.1)
    left = connect(url)
    left.request("GET", PAGE)
    begin = time.monotonic()
    index.close()
    assert time.monotonic() - begin < 20
    left.close()


def test_a_slow_answer_does_not_hold_up_others() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.slow(3.0))
        waiting = connect(url)
        waiting.request("GET", PAGE)
        begin = time.monotonic()
        assert ask(index.url).status == 200
        assert time.monotonic() - begin < 2.9
        assert waiting.getresponse().read()
        assert time.monotonic() - begin > 2.9
        waiting.close()


def test_a_drip_sends_everything_in_the_end() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.slow_drip(chunk=100, interval=0.01))
        begin = time.monotonic()
        assert ask(url).text.endswith("</html>\n")
        assert time.monotonic() - begin > 0.02


def test_an_endless_page_goes_on_until_somebody_closes() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.endless_page())
        connection = connect(url)
        connection.request("GET", PAGE)
        response = connection.getresponse()
        assert len(response.read(3_000_000)) == 3_000_000
        assert ask(index.url).status == 200
        response.close()
        connection.close()


def test_a_gzip_bomb_is_small_until_it_is_unpacked() -> None:
    with FakeIndex() as index:
        answer = ask(with_page(index, reply_faults.gzip_bomb(megabytes=8)))
        assert answer.headers["content-encoding"] == "gzip"
        assert len(answer.body) < 20_000
        assert len(answer.text) > 8_000_000


def test_broken_gzip_cannot_be_unpacked() -> None:
    with FakeIndex() as index:
        answer = ask(with_page(index, reply_faults.broken_gzip()))
        with pytest.raises((OSError, zlib.error, EOFError)):
            gzip.decompress(answer.body)


def test_a_stale_etag_hides_a_change() -> None:
    with FakeIndex() as index:
        url = with_page(index, reply_faults.stale_etag())
        known = {"If-None-Match": ask(url).headers["etag"]}
        index.serve("a", "2")
        stale = ask(url, known)
        assert (stale.status, stale.headers["etag"]) == (304, known["If-None-Match"])
        index.faults.clear()
        assert ask(url, known).status == 200


def test_a_part_can_claim_to_be_another() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        (file,) = index.files("a")
        index.faults.always("*.whl", reply_faults.wrong_content_range(7))
        part = ask(index.url_of(file), {"Range": "bytes=0-9"})
        assert (part.status, part.body) == (206, file.body[:10])
        assert part.headers["content-range"] == f"bytes 7-16/{file.size}"
        assert ask(index.url_of(file)).body == file.body


def test_something_else_than_http_can_answer() -> None:
    with FakeIndex() as index, pytest.raises(BadStatusLine):
        ask(with_page(index, reply_faults.not_http()))


def test_redirects_lead_within_the_host_to_another_and_round_in_circles() -> None:
    with FakeIndex() as index:
        index.serve("b", "1")
        url = with_page(index, reply_faults.redirect("/simple/b/"))
        assert "Links for b" in follow(url).text
        index.faults.clear()
        index.faults.always(PAGE, reply_faults.redirect(f"{index.elsewhere}/simple/b/", 307))
        assert "Links for b" in follow(url).text
        assert [seen.origin for seen in index.requests] == [0, 0, 0, 1]
        index.faults.clear()
        index.faults.always(PAGE, reply_faults.redirect(""))
        with pytest.raises(AssertionError, match="redirects"):
            follow(url)
        assert index.counts["redirect"] == 7


def test_pages_can_lie_about_hashes() -> None:
    right = faulty_entry(page_faults.entries())
    wrong = faulty_entry(page_faults.wrong_hash())
    assert wrong["hashes"] != right["hashes"]
    assert faulty_entry(page_faults.no_hash())["hashes"] == {}
    assert list(cast("dict[str, str]", faulty_entry(page_faults.weak_hash())["hashes"])) == ["md5"]
    assert faulty_entry(page_faults.wrong_metadata_hash())["core-metadata"] != right["core-metadata"]
    assert faulty_entry(page_faults.metadata_without_hash())["core-metadata"] is True
    assert faulty_entry(page_faults.wrong_size())["size"] == cast("int", right["size"]) + 1
    assert faulty_entry(page_faults.wrong_python("nonsense"))["requires-python"] == "nonsense"


def test_links_can_lead_to_files_of_the_machine_and_out_of_folders() -> None:
    assert faulty_entry(page_faults.link_to("file:///etc/"))["url"] == "file:///etc/a-1-py3-none-any.whl"
    assert faulty_entry(page_faults.escaping_filename())["filename"] == "../../a-1-py3-none-any.whl"


def test_a_double_encoded_path_is_served() -> None:
    with FakeIndex() as index:
        entry = listed(ask(with_page(index, page_faults.double_encoded_href()), {"Accept": JSON}))
        assert "/%252e%252e%252f" in str(entry["url"])
        assert ask(str(entry["url"])).body == index.files("a")[0].body


def test_a_page_can_list_files_of_others_under_the_name_of_others() -> None:
    other = Entry(filename="b-1-py3-none-any.whl", url="https://example.org/b-1-py3-none-any.whl")
    assert faulty_entry(page_faults.entries(other))["filename"] == "b-1-py3-none-any.whl"
    with FakeIndex() as index:
        assert ask(with_page(index, page_faults.foreign_name("B_b")), {"Accept": JSON}).json["name"] == "B_b"


def test_a_page_can_have_a_hundred_thousand_links() -> None:
    with FakeIndex() as index:
        url = with_page(index, page_faults.many_links())
        text = ask(url).text
        assert text.count("<a href=") == 100_001
        assert ask(url, {"If-None-Match": ask(url).headers["etag"]}).status == 304


def test_faults_are_recorded_like_answers() -> None:
    with FakeIndex() as index:
        assert (
            ask(with_page(index, reply_faults.status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"))).status == 429
        )
        assert [(seen.status, seen.kind) for seen in index.requests] == [(429, "page")]
