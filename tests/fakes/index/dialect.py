"""How much an index tells: the forms of pages that the indexes of the world give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What pages look like; `DIALECTS` names the usual ones, `dataclasses.replace` makes the others."""

    json: bool = True
    """Whether the JSON form of PEP 691 is offered; without it every page is HTML, whatever was asked for."""
    hashes: bool = True
    requires_python: bool = True
    core_metadata: bool = True
    """Whether `.metadata` files are announced, under the name of PEP 714."""
    dist_info_metadata: bool = True
    """Whether they are announced under the older name of PEP 658."""
    yanked: bool = True
    sizes: bool = True
    upload_times: bool = True
    """In JSON the field of PEP 700; in HTML, where `html_upload_times` is on too, an attribute."""
    html_upload_times: bool = False
    versions: bool = True
    status: bool = True
    absolute: bool = True
    """Whether links name the host or are relative to the page."""
    project_json: bool = True
    release_json: bool = True
    api_version: str = "1.4"


DIALECTS = {
    "json": Dialect(),
    "json-relative": Dialect(absolute=False),
    "json-bare": Dialect(
        core_metadata=False,
        dist_info_metadata=False,
        sizes=False,
        upload_times=False,
        versions=False,
        status=False,
        absolute=False,
        project_json=False,
        release_json=False,
        api_version="1.0",
    ),
    "html": Dialect(json=False),
    "html-times": Dialect(json=False, html_upload_times=True),
    "html-legacy": Dialect(json=False, core_metadata=False, project_json=False, release_json=False),
    # Links and hashes alone; what else there is to know stands in the project's JSON.
    "html-bare": Dialect(
        json=False,
        requires_python=False,
        core_metadata=False,
        dist_info_metadata=False,
        yanked=False,
        status=False,
        release_json=False,
    ),
    # What a web server makes of a folder.
    "html-plain": Dialect(
        json=False,
        hashes=False,
        requires_python=False,
        core_metadata=False,
        dist_info_metadata=False,
        yanked=False,
        status=False,
        absolute=False,
        project_json=False,
        release_json=False,
    ),
}
"""The dialects by the names that `FakeIndex.dialect` takes."""
