"""Policies: what a project or a person rules out of what an index offers, each with its reason.

A policy answers twice: for all versions of a page at once, as a set (see `PageSummary`), which is what resolving asks;
and for a single file, which is what locking and installing ask. None of them reads a clock or a setting.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from chapbook_core.index.specifier import read_requires_python
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from chapbook_core.index.file import File
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.requirements.constraint import Constraint

_PRERELEASE = late_pattern(r"[^+]*(?:[abc]|dev)")


@frozen
class Refusal:
    """A set of versions that a policy rules out, and a clause that says why: `1.0` ..."""

    versions: int
    reason: str


class Policy(Protocol):
    """Rules versions and files out; the session asks every policy of a command about each page it hands on."""

    def refusal(self, page: PageSummary) -> Refusal:
        """Return the versions of a page that may not be chosen."""

    def against(self, name: str, file: File, /) -> str:
        """Return why a file may not be used; nothing when it may."""


@frozen
class NoYanked:
    """What its owners withdrew is only for those who already name exactly that version (PEP 592)."""

    pinned: frozenset[bytes] = frozenset()
    """The keys of the versions that a lock or an `==` names."""

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out the versions of which every file is yanked."""
        named = _mask(key in self.pinned for key in page.keys) if self.pinned else 0
        return Refusal(page.yanked & ~named, "is yanked")

    def against(self, _name: str, file: File) -> str:
        """Rule out a yanked file."""
        if not file.yanked or version_key(file.version) in self.pinned:
            return ""
        return f"is yanked ({file.yanked_reason})" if file.yanked_reason else "is yanked"


@frozen
class NoPrereleases:
    """Versions that their owners do not call finished."""

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out every pre-release; whoever finds nothing left may ask without this policy."""
        return Refusal(page.prereleases, "is a pre-release")

    def against(self, _name: str, file: File) -> str:
        """Rule out a file of a pre-release."""
        return "is a pre-release" if _PRERELEASE.match(file.version) else ""


@frozen
class PythonRange:
    """Versions for none of the Pythons that are wanted."""

    wanted: Constraint

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out the versions of which every file is for other Pythons."""
        fits = {limit: not limit or any(map(self._fits, limit)) for limit in set(page.requires_python)}
        refused = _mask(not fits[limit] for limit in page.requires_python)
        return Refusal(refused, f"is for no Python in `{self.wanted}`")

    def against(self, _name: str, file: File) -> str:
        """Rule out a file for other Pythons."""
        if not file.requires_python or self._fits(file.requires_python):
            return ""
        return f"is for Python `{file.requires_python}`"

    def _fits(self, requires_python: str) -> bool:
        return not read_requires_python(requires_python).pythons.is_disjoint(self.wanted)


@frozen
class UploadedBefore:
    """Files that came to the index at some moment or later; `exclude_newer` and `minimum_age` make it."""

    moment: str
    """In the form of `File.upload_time`."""
    reason: str
    except_names: frozenset[str] = frozenset()
    """The projects, canonical, that it does not apply to."""
    allows_unknown: bool = False
    """Whether files pass of which the index does not tell the time."""

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out the versions of which no file was there in time."""
        if page.name in self.except_names:
            return Refusal(0, self.reason)
        return Refusal(_mask(not self._passes(time) for time in page.upload_times), self.reason)

    def against(self, name: str, file: File) -> str:
        """Rule out a file that came too late."""
        if name in self.except_names or self._passes(file.upload_time):
            return ""
        return self.reason if file.upload_time else f"{self.reason}, as far as the index tells"

    def _passes(self, upload_time: str | None) -> bool:
        return self.allows_unknown if upload_time is None else upload_time < self.moment


def exclude_newer(moment: datetime) -> UploadedBefore:
    """Make the policy that shows the index as it was at a moment."""
    text = _text(moment)
    return UploadedBefore(text, f"was not there before {text[:19].replace('T', ' ')} UTC")


def minimum_age(now: datetime, days: float, except_names: Iterable[str] = ()) -> UploadedBefore:
    """Make the policy that waits some days before it takes what is new."""
    return UploadedBefore(
        _text(now - timedelta(days=days)),
        f"is younger than {days:g} day{'' if days == 1 else 's'}",
        frozenset(except_names),
        allows_unknown=True,
    )


@frozen
class Projects:
    """Some projects by name, or every one."""

    names: frozenset[str] = frozenset()
    every: bool = False

    def __contains__(self, name: str) -> bool:
        return self.every or name in self.names


@frozen
class NoBinary:
    """Projects that are always built from source."""

    projects: Projects

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out the versions without a source archive."""
        return Refusal(page.every & ~page.sdists if page.name in self.projects else 0, "has no source archive")

    def against(self, name: str, file: File) -> str:
        """Rule out a wheel."""
        return "is a wheel, and `no-binary` asks for source" if file.is_wheel and name in self.projects else ""


@frozen
class OnlyBinary:
    """Projects that are never built here."""

    projects: Projects

    def refusal(self, page: PageSummary) -> Refusal:
        """Rule out the versions without a wheel."""
        return Refusal(page.every & ~page.wheels if page.name in self.projects else 0, "has no wheel")

    def against(self, name: str, file: File) -> str:
        """Rule out a source archive."""
        return "is source, and `only-binary` asks for wheels" if not file.is_wheel and name in self.projects else ""


def refusals(policies: Iterable[Policy], page: PageSummary) -> tuple[Refusal, ...]:
    """Return what each policy rules out of a page, those that rule out nothing left out."""
    return tuple(refusal for policy in policies if (refusal := policy.refusal(page)).versions)


def reasons_against(policies: Iterable[Policy], name: str, file: File) -> tuple[str, ...]:
    """Return every reason not to use a file."""
    return tuple(reason for policy in policies if (reason := policy.against(name, file)))


def read_projects(words: Collection[str] | bool) -> Projects:  # noqa: FBT001 the setting itself is a bool or a list
    """Return what `no-binary` or `only-binary` names: `true`, `:all:`, `:none:` or projects."""
    if isinstance(words, bool):
        return Projects(every=words)
    from chapbook_core.requirements.name import canonical_name

    names: set[str] = set()
    every = False
    for word in words:
        if word == ":all:":
            every = True
        elif word == ":none:":
            every = False
            names.clear()
        else:
            names.add(canonical_name(word))
    return Projects(frozenset(names), every)


def _mask(bits: Iterable[bool]) -> int:
    """Return the set of the positions that hold."""
    return int("".join("1" if bit else "0" for bit in bits)[::-1] or "0", 2)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
