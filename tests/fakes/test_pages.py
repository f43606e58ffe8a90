"""Pages say the same in every form, and exactly what their dialect allows."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import cast
from urllib.parse import quote

import pytest

from tests.fakes.asking import ask, follow
from tests.fakes.index import DIALECTS, FakeIndex
from tests.fakes.index.pages import HTML, JSON

WANTS_JSON = {"Accept": JSON}

Links = dict[str, dict[str, str | None]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: Links = {}
        self.metas: dict[str | None, str | None] = {}
        self._attributes: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._attributes = dict(attrs)
        elif tag == "meta":
            named = dict(attrs)
            self.metas[named.get("name")] = named.get("content")

    def handle_data(self, data: str) -> None:
        if self._attributes is not None:
            self.links[data] = self._attributes
            self._attributes = None


def read_html(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    return reader


def read_files(page: dict[str, object]) -> dict[str, dict[str, object]]:
    files = cast("list[dict[str, object]]", page["files"])
    return {str(file["filename"]): file for file in files}


def serve_some(index: FakeIndex) -> None:
    index.serve("A_b", "1.0", python=">=3.8, <4", sdist=True, uploaded="2020-05-06T07:08:09.123456Z")
    index.serve("a.b", "1.10", yanked='no "good" <br>')
    index.serve("a.b", "1.9", yanked=True, metadata=False)


def test_json_tells_everything() -> None:
    with FakeIndex() as index:
        serve_some(index)
        page = ask(f"{index.url}a-b/", WANTS_JSON)
        files = read_files(page.json)
        first = index.files("a-b")[0]
        assert page.headers["content-type"] == JSON
        assert page.json["name"] == "a-b"
        assert page.json["versions"] == ["1.0", "1.9", "1.10"]
        assert page.json["project-status"] == {"status": "active"}
        assert files[first.filename] == {
            "filename": "a_b-1.0-py3-none-any.whl",
            "url": index.url_of(first),
            "hashes": {"sha256": first.sha256},
            "core-metadata": {"sha256": first.sidecar_sha256},
            "data-dist-info-metadata": {"sha256": first.sidecar_sha256},
            "requires-python": ">=3.8, <4",
            "yanked": False,
            "size": len(first.body),
            "upload-time": "2020-05-06T07:08:09.123456Z",
        }
        assert files["a_b-1.10-py3-none-any.whl"]["yanked"] == 'no "good" <br>'
        assert files["a_b-1.9-py3-none-any.whl"]["yanked"] is True
        assert files["a_b-1.9-py3-none-any.whl"]["core-metadata"] is False


def test_html_tells_the_same() -> None:
    with FakeIndex(dialect="html-times") as index:
        serve_some(index)
        links = read_html(ask(f"{index.url}a-b/", WANTS_JSON).text).links
        first = index.files("a-b")[0]
        assert links[first.filename] == {
            "href": f"{index.url_of(first)}#sha256={first.sha256}",
            "data-requires-python": ">=3.8, <4",
            "data-core-metadata": f"sha256={first.sidecar_sha256}",
            "data-dist-info-metadata": f"sha256={first.sidecar_sha256}",
            "data-upload-time": "2020-05-06T07:08:09.123456Z",
        }
        assert links["a_b-1.10-py3-none-any.whl"]["data-yanked"] == 'no "good" <br>'
        assert links["a_b-1.9-py3-none-any.whl"]["data-yanked"] == ""
        assert "data-core-metadata" not in links["a_b-1.9-py3-none-any.whl"]


def test_bare_html_tells_links_and_hashes_alone_and_the_project_json_the_rest() -> None:
    with FakeIndex(dialect="html-bare") as index:
        serve_some(index)
        links = read_html(ask(f"{index.url}a-b/").text).links
        assert {name for attributes in links.values() for name in attributes} == {"href"}
        releases = cast("dict[str, list[dict[str, object]]]", ask(f"{index.origin}/pypi/a-b/json").json["releases"])
        wheel = releases["1.0"][0]
        assert (wheel["requires_python"], wheel["yanked"], wheel["size"]) == (">=3.8, <4", False, wheel["size"])
        assert releases["1.10"][0]["yanked_reason"] == 'no "good" <br>'
        assert ask(f"{index.origin}/pypi/a-b/1.0/json").status == 404


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_link_of_every_dialect_leads_to_its_file(dialect: str) -> None:
    with FakeIndex(dialect=dialect) as index:
        serve_some(index)
        url = f"{index.url}a-b/"
        if DIALECTS[dialect].json:
            links = {name: str(file["url"]) for name, file in read_files(ask(url, WANTS_JSON).json).items()}
        else:
            links = {name: str(attributes["href"]) for name, attributes in read_html(ask(url).text).links.items()}
        for file in index.files("a-b"):
            address = links[file.filename].partition("#")[0].replace("../..", index.origin)
            assert ask(address).body == file.body


def test_metadata_is_served_where_the_predicate_says_so_even_when_no_page_announces_it() -> None:
    with FakeIndex(dialect="html-bare") as index:
        serve_some(index)
        index.metadata_for = lambda file: file.version == "1.0"
        first, _, _, last = index.files("a-b")
        assert ask(f"{index.url_of(first)}.metadata").body == first.sidecar
        assert ask(f"{index.url_of(last)}.metadata").status == 404


@pytest.mark.parametrize(
    ("mode", "served", "announced"),
    [
        (True, True, True),
        (False, False, False),
        ("unlisted", True, False),
        ("missing", False, True),
        ("wrong-hash", True, True),
        ("lie", True, True),
    ],
)
def test_sidecars_are_served_and_announced_as_described(mode: bool | str, served: bool, announced: bool) -> None:
    with FakeIndex() as index:
        index.serve("a", "1", requires=["b"], metadata=mode)  # type: ignore[arg-type]  # the cases above
        (file,) = index.files("a")
        listed = read_files(ask(f"{index.url}a/", WANTS_JSON).json)[file.filename]
        assert bool(listed["core-metadata"]) == announced
        assert (ask(f"{index.url_of(file)}.metadata").status == 200) == served


def test_a_lie_matches_its_hash_and_contradicts_the_wheel() -> None:
    with FakeIndex() as index:
        index.serve("a", "1", requires=["b"], metadata="lie")
        index.serve("a", "2", metadata="lie")
        one, two = index.files("a")
        assert b"Requires-Dist" not in (one.sidecar or b"")
        assert b"Requires-Dist: untrue" in (two.sidecar or b"")


def test_the_form_follows_what_the_client_prefers() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        url = f"{index.url}a/"
        forms = {
            accept: ask(url, {"Accept": accept}).headers["content-type"]
            for accept in ("*/*", "text/html", JSON, f"{JSON}, {HTML};q=0.2", f"text/html;q=0.1, {JSON};q=0.9", HTML)
        }
        plain = "text/html; charset=utf-8"
        assert list(forms.values()) == [plain, plain, JSON, JSON, JSON, HTML]
        assert ask(url, {"Accept": "image/png"}).status == 406
        assert ask(f"{url}?format={quote(JSON)}").headers["content-type"] == JSON


def test_names_lead_to_their_canonical_page() -> None:
    with FakeIndex() as index:
        index.serve("A_b", "1")
        assert ask(f"{index.url}A.B/").headers["location"] == "/simple/a-b/"
        assert follow(f"{index.url}A__B").status == 200
        assert ask(f"{index.url}unknown/").status == 404


def test_the_status_of_a_project_is_told_and_quarantine_hides_its_files() -> None:
    with FakeIndex() as index:
        index.serve("a", "1")
        index.set_status("a", "archived", "no longer kept")
        assert ask(f"{index.url}a/", WANTS_JSON).json["project-status"] == {
            "status": "archived",
            "reason": "no longer kept",
        }
        assert read_html(ask(f"{index.url}a/").text).metas["pypi:project-status"] == "archived"
        index.set_status("a", "quarantined")
        assert ask(f"{index.url}a/", WANTS_JSON).json["files"] == []


def test_the_root_lists_all_projects() -> None:
    with FakeIndex() as index:
        index.serve("B", "1")
        index.serve("a", "1")
        assert ask(index.url, WANTS_JSON).json["projects"] == [{"name": "a"}, {"name": "b"}]
        assert list(read_html(ask(index.url).text).links) == ["a", "b"]


def test_release_json_knows_every_spelling_of_a_version() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"], extras={"x": ["c"]}, python=">=3.9")
        index.serve("a", "2.0rc1")
        info = cast("dict[str, object]", ask(f"{index.origin}/pypi/a/1.0.0/json").json["info"])
        assert (info["version"], info["requires_python"]) == ("1.0", ">=3.9")
        assert info["requires_dist"] == ["b", "c ; extra == 'x'"]
        newest = cast("dict[str, object]", ask(f"{index.origin}/pypi/a/json").json["info"])
        assert newest["version"] == "1.0"


def test_the_json_of_an_sdist_that_must_be_built_knows_no_requirements() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"], sdist="dynamic-only")
        assert cast("dict[str, object]", ask(f"{index.origin}/pypi/a/json").json["info"])["requires_dist"] is None


def test_odd_files_are_listed_as_they_are() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        odd = ["a-0.1.zip", "a-not-a-version.tar.gz", "a-0.2-py2.7.egg", "a-0.3.win32.exe", "other-1.0.tar.gz"]
        for filename in odd:
            index.add_file("a", filename, "content")
        assert set(odd) < read_files(ask(f"{index.url}a/", WANTS_JSON).json).keys()


def test_one_page_links_all_files() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        index.serve("b", "1.0")
        links = read_html(ask(index.find_links_url).text).links
        assert list(links) == ["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"]
