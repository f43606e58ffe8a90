from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from chapbook_core.publisher.form import UploadForm, upload_fields
from chapbook_core.publisher.package_file import form_fields, read_package_file
from chapbook_core.publisher.problem import NotFit
from chapbook_core.publisher.refusal import words_of
from chapbook_core.publisher.upload import Outcome
from tests.fakes.index import FakeIndex
from tests.fakes.publishing import sdist_file, uploading, wheel_file

if TYPE_CHECKING:
    from pathlib import Path

METADATA = """\
Metadata-Version: 2.4
Name: spam
Version: 1.0
Dynamic: Requires-Dist
Platform: any
Supported-Platform: RedHat 7.2
Summary: Käse für alle
Description-Content-Type: text/markdown; charset=UTF-8
Keywords: a,b
Home-page: https://example.org/
Download-URL: https://example.org/download
Author: Ärne
Author-email: Ärne <a@example.org>
Maintainer: Mia
Maintainer-email: m@example.org
License-Expression: MIT
License-File: LICENSE
License-File: NOTICE
Classifier: Typing :: Typed
Classifier: Programming Language :: Python :: 3
Requires-Dist: b>=1
Requires-Dist: c; extra == "x"
Requires-Python: >=3.9
Requires-External: libpng
Project-URL: Source, https://example.org/source
Project-URL: Issues, https://example.org/issues
Provides-Extra: x
Provides-Extra: y
Provides-Dist: other
Obsoletes-Dist: old
Import-Name: spam
Import-Namespace: eggs
Nonsense: yes

# Käse

日本語 🧀
"""
EXPECTED = {
    "metadata_version": ("2.4",),
    "name": ("spam",),
    "version": ("1.0",),
    "dynamic": ("Requires-Dist",),
    "platform": ("any",),
    "supported_platform": ("RedHat 7.2",),
    "summary": ("Käse für alle",),
    "description": ("# Käse\n\n日本語 🧀\n",),
    "description_content_type": ("text/markdown; charset=UTF-8",),
    "keywords": ("a,b",),
    "home_page": ("https://example.org/",),
    "download_url": ("https://example.org/download",),
    "author": ("Ärne",),
    "author_email": ("Ärne <a@example.org>",),
    "maintainer": ("Mia",),
    "maintainer_email": ("m@example.org",),
    "license_expression": ("MIT",),
    "license_file": ("LICENSE", "NOTICE"),
    "classifiers": ("Typing :: Typed", "Programming Language :: Python :: 3"),
    "requires_dist": ("b>=1", 'c; extra == "x"'),
    "requires_python": (">=3.9",),
    "requires_external": ("libpng",),
    "project_urls": ("Source, https://example.org/source", "Issues, https://example.org/issues"),
    "provides_extra": ("x", "y"),
    "provides_dist": ("other",),
    "obsoletes_dist": ("old",),
    "import_name": ("spam",),
    "import_namespace": ("eggs",),
}


def test_every_field_of_the_metadata_goes_into_the_form() -> None:
    fields, unread = form_fields(METADATA.encode())
    gathered: dict[str, tuple[str, ...]] = {}
    for name, value in fields:
        gathered[name] = (*gathered.get(name, ()), value)
    assert gathered == EXPECTED
    assert unread == ("nonsense",)


def test_every_field_arrives_letter_by_letter(tmp_path: Path) -> None:
    file = wheel_file(tmp_path, metadata_text=METADATA)
    with FakeIndex() as index, uploading(index) as bench:
        assert bench.uploader.upload(file).outcome is Outcome.UPLOADED
        (accepted,) = index.uploads.accepted
    assert {name: accepted.fields[name] for name in EXPECTED} == EXPECTED


def test_a_source_distribution_is_told_by_its_package_information(tmp_path: Path) -> None:
    file = sdist_file(tmp_path, requires=["b"])
    assert (file.kind, file.python, file.name, file.version) == ("sdist", "source", "spam", "1.0")
    assert file.texts("requires_dist") == ("b",)


def test_digests_and_size_are_those_of_the_bytes(tmp_path: Path) -> None:
    file = wheel_file(tmp_path, weight=100_000)
    content = file.path.read_bytes()
    assert file.size == len(content)
    assert file.digests == {
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "blake2b": hashlib.blake2b(content, digest_size=32).hexdigest(),
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("spam-1.0.egg", b"", "neither a wheel nor a source distribution"),
        ("spam-1.0-py3-none-any.whl", b"nothing", "spam-1.0-py3-none-any.whl: "),
        ("spam-1.0.tar.gz", b"nothing", "cannot be read"),
        ("spam-1.0.whl", b"", "not a name that a wheel may have"),
    ],
)
def test_what_is_no_distribution_is_refused(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotFit, match=words):
        read_package_file(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFit, match="cannot be read: No such file"):
        read_package_file(tmp_path / "spam-1.0.tar.gz")


def test_the_length_of_the_form_is_what_it_sends(tmp_path: Path) -> None:
    form = UploadForm(wheel_file(tmp_path, metadata_text=METADATA, weight=300_000), ['{"a":1}'])
    pieces = list(form)
    assert form.length == sum(map(len, pieces))
    assert max(map(len, pieces)) < 100_000
    assert pieces == list(form)


def test_attestations_are_a_list_in_the_form(tmp_path: Path) -> None:
    fields = dict(upload_fields(wheel_file(tmp_path), ['{"a":1}', '{"b":2}']))
    assert fields["attestations"] == '[{"a":1},{"b":2}]'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/plain", "400  no\n such", "400 no such"),
        ("text/html", "<html><head><title>x</title></head><body><h1>No</h1>&lt;such&gt;</body>", "No <such>"),
        ("application/json", '{"message": "not so", "code": "400"}', "not so"),
        ("application/json", '{"errors": [{"code": "x", "description": "why"}]}', "why"),
        ("application/json", "broken", "broken"),
        ("text/plain", "x" * 5000, "x" * 600 + "..."),
    ],
)
def test_the_words_of_an_answer_are_read_whatever_they_are_wrapped_in(
    content_type: str, body: str, expected: str
) -> None:
    from chapbook_core.index.transport import Answer

    assert words_of(Answer(400, {"content-type": content_type}, body.encode(), "")) == expected
