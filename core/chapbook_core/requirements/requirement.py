"""Requirement: a package that is asked for, in the words of PEP 508."""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import Constraint, InvalidConstraint, parse_constraint
from chapbook_core.requirements.marker import ALWAYS, InvalidMarker, Marker, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
    parse_origin,
    reference_text,
)
from chapbook_core.requirements.url import masked_url
from chapbook_core.requirements.version_set import EVERYTHING
from chapbook_core.value import field, frozen

__all__ = [
    "UNSTATED",
    "DirectoryOrigin",
    "FileOrigin",
    "GitOrigin",
    "IndexOrigin",
    "InvalidRequirement",
    "Origin",
    "Requirement",
    "UrlOrigin",
    "parse_requirement",
]

UNSTATED = Constraint("", EVERYTHING)
"""Any version, because none was asked for; equal to `*`, which someone wrote."""

_ANY_INDEX = IndexOrigin()
_CLAUSE = r"(?:~=|===?|!=|<=|>=|<|>)\s*[^\s,;()<>=~!|^@]+(?:![^\s,;()<>=~!|^@]+)?"
_CLAUSES = rf"{_CLAUSE}(?:\s*,\s*{_CLAUSE})*\s*,?"
_REQUIREMENT = late_pattern(
    rf"""
    \s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)
    \s*(?:\[(?P<extras>[A-Za-z0-9._,\s-]*)\])?
    \s*(?:
        (?P<constraint>{_CLAUSES}) | \(\s*(?P<enclosed>(?:{_CLAUSES})?)\s*\)
        | @\s*(?P<url>[^\s;]\S*)(?=\s|$)
    )?
    \s*(?:;\s*(?P<marker>\S.*?))?\s*
    """,
    re.VERBOSE | re.DOTALL,
)


class InvalidRequirement(ChapbookError):
    """A text that does not ask for a package in a way that can be understood."""

    def __init__(self, text: str, reason: str, *, hint: str = "") -> None:
        self.text = masked_url(text)
        self.reason = masked_url(reason)
        super().__init__(f"`{self.text}` is not a requirement: {self.reason}", hints=[hint] if hint else [])


@frozen
class Requirement:
    """A package that is asked for: which versions, where from, and when."""

    name: str
    """In the spelling that compares."""
    pretty_name: str = field(compare=False)
    """As its author spelled it."""
    constraint: Constraint = UNSTATED
    extras: frozenset[str] = frozenset()
    """In the spelling that compares."""
    marker: Marker = ALWAYS
    origin: Origin = _ANY_INDEX
    allow_prereleases: bool | None = None
    in_extras: frozenset[str] = frozenset()
    """The extras of the project that bring it."""
    optional: bool = False
    is_name_known: bool = field(default=True, compare=False)
    """Whether the name was given; if not it was guessed from an address, and the package's metadata tells it."""

    marker_words: str = field(default="", compare=False)
    """The marker as its author wrote it, for as long as it is that one."""

    def pep508_text(self) -> str:
        """Return it as `[project]` holds it: `idna (>=3.20,<4.0) ; python_version < "3.13"`."""
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        text = f"{self.pretty_name}{extras}"
        if reference := reference_text(self.origin):
            text += f" @ {reference}"
        elif specifiers := self.constraint.specifier_text():
            text += f" ({specifiers})"
        return text if self.marker.is_always else f"{text} ; {self.marker}"

    def __str__(self) -> str:
        return self.pep508_text()


@lru_cache(maxsize=16384)
def parse_requirement(text: str) -> Requirement:
    """Read a requirement in the language of PEP 508; raises InvalidRequirement."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return _read_by_packaging(text)
    return make_requirement(
        text,
        name=match["name"],
        extras=match["extras"] or "",
        constraint=match["constraint"] or match["enclosed"] or "",
        url=match["url"] or "",
        marker=match["marker"] or "",
    )


def make_requirement(
    text: str, *, name: str, extras: str = "", constraint: str = "", url: str = "", marker: str = ""
) -> Requirement:
    """Put a requirement together from its parts as texts; raises InvalidRequirement, which echoes the whole text."""
    try:
        versions = parse_constraint(constraint) if constraint else UNSTATED
        when = parse_marker(marker) if marker else ALWAYS
    except (InvalidConstraint, InvalidMarker) as error:
        raise InvalidRequirement(text, error.message, hint=" ".join(error.hints)) from error
    origin = parse_origin(url) if url else _ANY_INDEX
    if origin is None:
        raise InvalidRequirement(
            text,
            f"`{url}` leads nowhere that is known",
            hint="use `https://`, `git+https://`, `git+ssh://`, `git+file://`, `file://` or a path",
        )
    return Requirement(
        name=canonical_name(name),
        pretty_name=name,
        constraint=versions,
        extras=parse_extras(extras),
        marker=when,
        origin=origin,
        marker_words=marker,
    )


def parse_extras(text: str) -> frozenset[str]:
    """Return the canonical names in a list with commas."""
    return frozenset(canonical_name(extra.strip()) for extra in text.split(",") if extra.strip())


def _read_by_packaging(text: str) -> Requirement:
    """Read one of the few texts that the expression does not cover, or say what is wrong with it."""
    # Imported here because it costs a start 35 ms, and nearly every requirement does without.
    from packaging.requirements import InvalidRequirement as NotARequirement
    from packaging.requirements import Requirement as Packaging

    try:
        read = Packaging(text)
    except NotARequirement as error:
        raise _explained(text, str(error)) from None
    return make_requirement(
        text,
        name=read.name,
        extras=",".join(read.extras),
        constraint=str(read.specifier),
        url=read.url or "",
        marker=str(read.marker) if read.marker else "",
    )


_POETRY_FORM = late_pattern(
    r"\s*(?P<name>[\w.-]+\s*(?:\[[^]]*\])?)\s*\(?(?P<constraint>[\^~=0-9][^;()]*|[^;()]*\|[^;()]*)\)?"
)


def _explained(text: str, complaint: str) -> InvalidRequirement:
    """Return the error for a text that packaging refused, with the remedy where a Poetry constraint was meant."""
    match = _POETRY_FORM.match(text)
    if match is not None:
        try:
            specifiers = parse_constraint(match["constraint"].strip()).specifier_text()
        except ChapbookError:
            pass
        else:
            reason = f"`{match['constraint'].strip()}` is not in the language of package metadata"
            return InvalidRequirement(text, reason, hint=f"write `{match['name'].strip()} ({specifiers})`")
    if not text.strip():
        return InvalidRequirement(text, "it is empty", hint="write a name, as in `requests` or `requests (>=2.30)`")
    reason = complaint.partition("\n")[0].strip().rstrip(".")
    return InvalidRequirement(
        text, reason[:1].lower() + reason[1:], hint="write it as in `requests[socks] (>=2.30,<3.0)`"
    )
