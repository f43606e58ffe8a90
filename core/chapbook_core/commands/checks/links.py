"""The addresses that an index shows beside a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.requirements.url import is_whole_url, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject

_TABLES = (("project", "urls"), ("tool", "poetry", "urls"))
_KEYS = ("homepage", "repository", "documentation")
_LONGEST = 32
"""Letters of a label, as the core metadata have it."""


def check(subject: Subject) -> Iterator[Finding]:
    """Look for what leads nowhere, and for labels that an index refuses."""
    labelled = [(*table, label) for table in _TABLES for label in subject.table(*table)]
    for place in (*labelled, *(("tool", "poetry", key) for key in _KEYS)):
        url = subject.value(*place)
        if isinstance(url, str) and not is_whole_url(url):
            hint = "write it whole and without spaces, as in `https://example.org/`"
            yield Finding(Severity.ERROR, f"`{masked_url(url)}` is not a URL", place, hint)
    for place in labelled:
        if len(place[-1]) > _LONGEST:
            message = f"the label has {len(place[-1])} letters, and an index takes {_LONGEST}"
            yield Finding(Severity.ERROR, message, place, "shorten it")
