from __future__ import annotations

import pytest

from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.find_links import ListedFile, list_folder, list_page


def test_a_folder_gives_a_page_for_each_project_in_it() -> None:
    listing = list_folder(
        [
            ListedFile("a_b-1.0-py3-none-any.whl", 10),
            ListedFile("a-b-1.1.tar.gz", 20),
            ListedFile("a-0.5.zip"),
            ListedFile("torch-2.0+cpu-cp311-cp311-linux_x86_64.whl"),
            ListedFile("notes.txt"),
        ],
        "file:///srv/wheel%20house",
    )
    page = listing.page("A.B")
    assert page.summary.versions == ("1.0", "1.1")
    assert [(file.url, file.size) for release in page.releases for file in release.files] == [
        ("file:///srv/wheel%20house/a_b-1.0-py3-none-any.whl", 10),
        ("file:///srv/wheel%20house/a-b-1.1.tar.gz", 20),
    ]
    assert listing.page("a").summary.versions == ("0.5",)
    assert (
        listing.page("torch").release("2.0+cpu").files[0].url.endswith("/torch-2.0%2Bcpu-cp311-cp311-linux_x86_64.whl")
    )
    assert listing.page("c").summary.versions == ()
    assert "torch" in listing.names()


def test_a_page_of_links_gives_a_page_for_each_project_on_it() -> None:
    body = b'<a href="a-1.0.tar.gz#md5=' + b"0" * 32 + b'">x</a><a href="b-2.0-py3-none-any.whl">y</a>'
    listing = list_page(body, "https://example.org/links.html")
    (file,) = listing.page("a").release("1.0").files
    assert file.url == "https://example.org/a-1.0.tar.gz"
    assert file.hashes == (("md5", "0" * 32),)
    assert listing.page("b").skipped == ()


def test_a_page_without_files_is_no_listing() -> None:
    with pytest.raises(NotAnIndex, match="Sign in"):
        list_page(b"<title>Sign in</title><a href='/login'>x</a>", "https://example.org/links.html")
