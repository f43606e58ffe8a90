from __future__ import annotations

import json
from typing import Any

import pytest

from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.page import parse_page
from chapbook_core.index.project_json import ProjectDocument, parse_project_document, with_facts

URL = "https://example.org/pypi/foo/json"
DIGEST, OTHER = "ab" * 32, "cd" * 32


def entry(filename: str, **more: Any) -> dict[str, Any]:
    return {
        "filename": filename,
        "url": f"../../packages/{filename}",
        "digests": {"blake2b_256": "00" * 32, "md5": "0" * 32, "sha256": DIGEST},
        "requires_python": ">=3.9",
        "size": 7,
        "upload_time": "2024-04-11T03:34:41",
        "upload_time_iso_8601": "2024-04-11T03:34:41.447563Z",
        "yanked": False,
        "yanked_reason": None,
    } | more


def parse(document: dict[str, Any]) -> ProjectDocument:
    info = {
        "name": "Foo",
        "version": "2.0",
        "requires_dist": ["a>=1"],
        "requires_python": ">=3.9",
        "summary": "s",
        "provides_extra": None,
    }
    return parse_project_document(json.dumps({"info": info} | document).encode(), URL, "foo")


def test_the_document_of_a_project_tells_of_the_files_of_every_release() -> None:
    document = parse(
        {
            "releases": {
                "1.0": [entry("foo-1.0.tar.gz", yanked=True, yanked_reason="leaks")],
                "2.0": [entry("foo-2.0-py3-none-any.whl", **{"core-metadata": {"sha256": OTHER}})],
                "0.1": [],
                "odd": None,
            },
            "urls": [entry("foo-2.0-py3-none-any.whl")],
        }
    )
    assert document.page.summary.versions == ("1.0", "2.0")
    (old,) = document.page.release("1.0").files
    assert (old.yanked, old.yanked_reason) == (True, "leaks")
    (new,) = document.page.release("2.0").files
    assert new.url == "https://example.org/packages/foo-2.0-py3-none-any.whl"
    assert new.hashes == (("md5", "0" * 32), ("sha256", DIGEST))
    assert new.metadata_hashes == (("sha256", OTHER),)
    assert (new.size, new.requires_python, new.upload_time) == (7, ">=3.9", "2024-04-11T03:34:41.447563Z")
    assert (document.described.version, document.described.requires_dist) == ("2.0", ("a>=1",))
    assert document.tells_requirements


def test_the_document_of_a_release_tells_of_its_files() -> None:
    document = parse({"urls": [entry("foo-2.0-py3-none-any.whl"), entry("foo-2.0.tar.gz")]})
    assert [file.filename for file in document.page.release("2.0").files] == [
        "foo-2.0-py3-none-any.whl",
        "foo-2.0.tar.gz",
    ]


def test_no_requirements_may_mean_unknown_ones() -> None:
    info = {"name": "foo", "version": "2.0", "requires_dist": None}
    assert not parse({"info": info}).tells_requirements


@pytest.mark.parametrize("document", [{"info": None}, {"info": {"name": "foo"}}, {"message": "Not Found", "info": []}])
def test_other_json_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NotAnIndex):
        parse(document)


def test_a_bare_page_learns_what_the_document_knows_and_keeps_its_own_links() -> None:
    links = (f"foo-1.0.tar.gz#sha256={DIGEST}", f"foo-2.0.tar.gz#sha256={OTHER}", "foo-3.0.egg")
    html = "".join(f'<a href="/f/{link}">x</a>' for link in links)
    page = parse_page(html.encode(), "text/html", "https://example.org/simple/foo/", "foo")
    document = parse(
        {
            "releases": {
                "1.0": [entry("foo-1.0.tar.gz", yanked=True, yanked_reason="leaks", **{"core-metadata": False})],
                "2.0": [entry("foo-2.0.tar.gz")],
                "4.0": [entry("foo-4.0.tar.gz")],
            }
        }
    )
    told = with_facts(page, document.page)
    assert told.summary.versions == ("1.0", "2.0")
    (first,) = told.release("1.0").files
    assert first.url == "https://example.org/f/foo-1.0.tar.gz"
    assert (first.size, first.requires_python, first.yanked_reason, first.metadata) == (7, ">=3.9", "leaks", False)
    assert told.summary.yanked == 0b01
    assert told.skipped == page.skipped
    (changed,) = told.release("2.0").files
    assert changed == page.release("2.0").files[0], "another file of the same name is not described by the document"
