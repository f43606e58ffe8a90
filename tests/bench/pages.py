"""Reading the largest pages of the configured index: ours beside the plain way with `packaging`.

    python -m tests.bench.pages [PROJECT ...]

The pages are fetched once and not kept. Where the index gives only HTML, the same page is written as JSON as well.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.metadata import parse_email
from packaging.requirements import Requirement
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from chapbook_core.index.default_index import default_index
from chapbook_core.index.dependency import parse_dependency
from chapbook_core.index.metadata import Metadata, parse_metadata
from chapbook_core.index.page import ACCEPT, PageSummary, files_in, parse_page
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

    from chapbook_core.index.candidate import Page

PROJECTS = ("boto3", "botocore", "awscli", "grpcio", "numpy", "aiohttp", "pyarrow", "ray")
LARGEST = 5
ROUNDS = 7
JSON, HTML = "application/vnd.pypi.simple.v1+json", "text/html"


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def fetch(url: str, accept: str = ACCEPT) -> tuple[bytes, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=120) as reply:
        return reply.read(), reply.headers["Content-Type"] or HTML


def as_json(page: Page) -> bytes:
    """Write a page as an index that speaks JSON would."""
    files = [
        {
            "filename": file.filename,
            "url": file.url,
            "hashes": dict(file.hashes),
            "requires-python": file.requires_python,
            "size": file.size,
            "upload-time": file.upload_time,
            "yanked": file.yanked,
            "core-metadata": dict(file.metadata_hashes) or bool(file.metadata),
        }
        for release in page.releases
        for file in release.files
    ]
    return json.dumps({"meta": {"api-version": "1.4"}, "name": page.name, "files": files}).encode()


class Anchors(HTMLParser):
    """The links of a page, the plain way."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.urls.append(dict(attrs).get("href") or "")


def plainly(body: bytes, content_type: str) -> list[Version]:
    """Read a page with the standard library and `packaging`, as an index client does at first."""
    if "json" in content_type:
        names = [entry["filename"] for entry in json.loads(body)["files"]]
    else:
        anchors = Anchors()
        anchors.feed(body.decode())
        names = [url.partition("#")[0].rpartition("/")[2] for url in anchors.urls]
    versions = set()
    for name in names:
        try:
            versions.add(parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1])
        except ValueError:
            continue
    return sorted(versions)


def milliseconds(action: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        version_key.cache_clear()
        started = time.process_time()
        action()
        best = min(best, time.process_time() - started)
    return best * 1000


def bench_page(name: str, body: bytes, content_type: str, url: str) -> str:
    page = parse_page(body, content_type, url, name)
    summary, files = page.summary_blob(), page.files_blob()
    ours = milliseconds(lambda: parse_page(body, content_type, url, name))
    plain = milliseconds(lambda: plainly(body, content_type))
    pack = milliseconds(lambda: (page.summary_blob(), page.files_blob()))
    read = milliseconds(lambda: PageSummary.from_blob(summary))
    open_files = milliseconds(lambda: files_in(BytesIO(files), page.summary.versions[-1]))
    kind = "JSON" if "json" in content_type else "HTML"
    entries = sum(len(release.files) for release in page.releases)
    return (
        f"{name:12} {kind} {len(body) / 1e6:7.2f} {entries:6} {len(page.summary.versions):6}"
        f" {ours:8.2f} {plain:9.1f} {plain / ours:6.1f} {pack:8.2f} {read:9.3f} {open_files:6.3f}"
        f" {len(summary) // 1000:8} {len(files) // 1000:6}"
    )


def bench_metadata(body: bytes) -> str:
    """Compare one METADATA file's reading, per file, requirements included."""

    def compactly() -> None:
        parse_dependency.cache_clear()
        for text in parse_metadata(body).requires_dist:
            parse_dependency(text)

    def by_packaging() -> None:
        for text in parse_email(body)[0].get("requires_dist", []):
            Requirement(text)

    metadata = parse_metadata(body)
    blob = metadata.blob()
    columns = [
        milliseconds(lambda: parse_metadata(body)),
        milliseconds(lambda: parse_email(body)),
        milliseconds(compactly),
        milliseconds(by_packaging),
        milliseconds(lambda: Metadata.from_blob(blob)),
    ]
    figures = "".join(f"{column * 1000:11.1f}" for column in columns)
    return f"{metadata.name:14}{len(body) / 1000:7.1f}{len(metadata.requires_dist):7}{figures}"


def main() -> None:
    """Print the tables."""
    index = default_index(os.environ, Path.home(), sys.platform).url.rstrip("/")
    fetched = {name: fetch(f"{index}/{name}/") for name in sys.argv[1:] or PROJECTS}
    largest = sorted(fetched, key=lambda name: -len(fetched[name][0]))[:LARGEST]
    say("CPU milliseconds, least of", ROUNDS)
    say(
        "page         kind      MB  files  versn     ours packaging  ratio    blobs   summary  files    kB:  sum  files"
    )
    for name in largest:
        body, content_type = fetched[name]
        url = f"{index}/{name}/"
        say(bench_page(name, body, content_type, url))
        if "json" not in content_type:
            say(bench_page(name, as_json(parse_page(body, content_type, url, name)), JSON, url))
    bodies = [
        body for name in ("jupyterlab", "pandas", "fastapi", "scikit-learn") if (body := newest_metadata(index, name))
    ]
    say("\nCPU microseconds for one METADATA")
    say("project            kB  needs       ours parse_email  ours+needs  packaging  from blob")
    for body in sorted(bodies, key=len):
        say(bench_metadata(body))


def newest_metadata(index: str, name: str) -> bytes:
    """Return the metadata beside the newest wheel; nothing where the index has none."""
    url = f"{index}/{name}/"
    page = parse_page(*fetch(url), url, name)
    for version in reversed(page.summary.versions):
        for file in page.release(version).wheels:
            try:
                return fetch(file.metadata_url, "*/*")[0]
            except OSError:
                break
    return b""


if __name__ == "__main__":
    main()
