"""The package sources of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.commands.sources_of_uv import sources_of_uv
from chapbook_core.project.source import Priority
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.url import is_whole_url, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.commands.checks.subject import Subject
    from chapbook_core.project.source import Source

_PLACE = ("tool", "poetry", "source")


def check(subject: Subject) -> Iterator[Finding]:
    """Look for requirements on sources that do not exist, for URLs that lead nowhere, and for passwords in them."""
    sources = subject.manifest.sources
    known = {source.name.lower() for source in sources} | {"pypi"}
    named: dict[str, list[str]] = {}
    for group in subject.manifest.groups:
        for requirement in group.requirements:
            if isinstance(requirement.origin, IndexOrigin) and requirement.origin.source:
                named.setdefault(requirement.origin.source, []).append(requirement.pretty_name)
    for name, packages in named.items():
        if name.lower() not in known:
            wanting = ", ".join(f"`{package}`" for package in dict.fromkeys(packages))
            hint = f"run `chapbook source add --priority=explicit {name} URL`, or correct the name"
            yield Finding(Severity.ERROR, f"there is no source `{name}`, which {wanting} must come from", (), hint)
    yield from _urls(sources)
    for unread in sources_of_uv(subject.manifest):
        yield Finding(Severity.WARNING, unread.message, unread.place, unread.hint)
    if (
        sources
        and all(source.priority is Priority.EXPLICIT for source in sources)
        and any(source.name.lower() == "pypi" for source in sources)
    ):
        message = "every source is explicit, the default index too, so most packages come from nowhere"
        yield Finding(Severity.ERROR, message, _PLACE, "give one source the priority `primary`")


def _urls(sources: Iterable[Source]) -> Iterator[Finding]:
    for index, source in enumerate(sources):
        if source.url is not None and not is_whole_url(source.url):
            hint = "write it whole, as in `https://example.org/simple/`"
            yield Finding(Severity.ERROR, f"`{masked_url(source.url)}` is not a URL", (*_PLACE, index, "url"), hint)
        if source.credentials is not None:
            hint = f"run `chapbook config http-basic.{source.name} USERNAME PASSWORD` and take them out of the URL"
            yield Finding(
                Severity.WARNING, "the URL holds credentials, which everybody can read here", (*_PLACE, index), hint
            )
        if source.url is not None and source.url.startswith("http://") and not _is_local(source.url):
            message = "the URL is not encrypted, so anybody on the way can change packages"
            yield Finding(Severity.REMARK, message, (*_PLACE, index, "url"), "use `https://`")


def _is_local(url: str) -> bool:
    host = url.removeprefix("http://").partition("/")[0].partition(":")[0]
    return host in {"localhost", "127.0.0.1", "[::1]"}
