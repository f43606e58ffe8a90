"""Raising a constraint to a newer release, in the style of its author."""

from __future__ import annotations

import re

from packaging.version import Version

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.value import frozen, replace

_CLAUSE = late_pattern(r"\s*(?P<sign>===|==|~=|!=|<=|>=|<>|\^|~|<|>|=)?(?P<space>\s*)(?P<version>[^\s,]+)\s*,?")
_SPECIFIERS = late_pattern(
    r"""
    (?P<before>\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^]]*\]\s*)?)
    (?: \((?P<enclosed>[^()@;]*)\) | (?P<bare>(?:[<>=!~]=?=?|\^)[^;@]*?) )
    (?P<after>\s*(?:;.*)?)
    """,
    re.VERBOSE | re.DOTALL,
)


@frozen
class _Clause:
    sign: str
    version: str
    space: str = ""

    @property
    def text(self) -> str:
        return f"{self.sign}{self.space}{self.version}"


def bumped(text: str, oldest: str, newest: str) -> str | None:
    """Return a constraint raised to releases that were chosen; None when its style has no place for them.

    `oldest` and `newest` differ only where environments get different releases. A text that allows any release stays.
    """
    stripped = text.strip()
    if stripped in ("", "*"):
        return text
    clauses = _clauses(stripped)
    if clauses is None:
        return text if _allows(text, oldest, newest) else None
    raised = _raised(clauses, Version(oldest), Version(newest))
    if raised is None:
        return text if _allows(text, oldest, newest) else None
    separator = ", " if ", " in stripped else "," if "," in stripped else " " if " " in stripped else ","
    spaced = (replace(clause, space=former.space) for clause, former in zip(raised, clauses, strict=True))
    result = separator.join(clause.text for clause in spaced)
    return result if _allows(result, oldest, newest) else None


def bumped_requirement(text: str, oldest: str, newest: str) -> str | None:
    """Do the same for the constraint in a PEP 508 text, and leave everything around it."""
    match = _SPECIFIERS.fullmatch(text)
    if match is None:
        return text
    group = "enclosed" if match["enclosed"] is not None else "bare"
    specifiers = match[group]
    raised = bumped(specifiers, oldest, newest)
    if raised is None:
        return None
    return text[: match.start(group)] + raised + text[match.end(group) :]


def constraint_in(text: str) -> str:
    """Return the constraint in a PEP 508 text."""
    match = _SPECIFIERS.fullmatch(text)
    return "" if match is None else (match["enclosed"] if match["enclosed"] is not None else match["bare"]).strip()


def _allows(text: str, *versions: str) -> bool:
    constraint = parse_constraint(text)
    return all(constraint.allows(version) for version in versions)


def _clauses(text: str) -> list[_Clause] | None:
    """Return the parts that all have to hold; None when there are alternatives."""
    if "|" in text:
        return None
    clauses, place = [], 0
    while place < len(text):
        match = _CLAUSE.match(text, place)
        if match is None or match.end() == place:
            return None
        clauses.append(_Clause(match["sign"] or "", match["version"], match["space"]))
        place = match.end()
    return clauses


def _raised(clauses: list[_Clause], oldest: Version, newest: Version) -> list[_Clause] | None:
    lower = next((clause for clause in clauses if clause.sign in (">=", ">")), None)
    raised = []
    for clause in clauses:
        match clause.sign:
            case "^" | "~" | "~=":
                if oldest.release[0] != newest.release[0]:
                    return None
                raised.append(_Clause(clause.sign, _cut(oldest, clause.version, least=2 if clause.sign == "~=" else 1)))
            case ">=":
                raised.append(_Clause(">=", _cut(oldest, clause.version)))
            case "<":
                raised.append(_Clause("<", _upper(clause.version, lower, newest)))
            case "<=":
                end = clause.version if Version(clause.version) >= newest else newest.public
                raised.append(_Clause("<=", end))
            case "" | "=" | "==" if clause.version.endswith(".*"):
                components = clause.version.removesuffix(".*")
                raised.append(_Clause(clause.sign, f"{_cut(newest, components, finals=True)}.*"))
            case "" | "=" | "==" | "===":
                raised.append(_Clause(clause.sign, newest.public))
            case _:
                # What is left out stays out, and a strict bound has no newest release to stand on.
                raised.append(clause)
    return raised


def _cut(version: Version, like: str, *, least: int = 1, finals: bool = False) -> str:
    """Return a version with as many numbers as its author gave the former one."""
    if version.is_prerelease and not finals:
        return version.public
    count = max(len(Version(like).release), least)
    release = (*version.release, *(0 for _ in range(count)))[:count]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))


def _upper(end: str, lower: _Clause | None, newest: Version) -> str:
    """Return the end of a pair: that of `^` or `~` where it was so before, else the next breaking release."""
    before = Version(end)
    count = len(before.release)
    first = Version(lower.version) if lower is not None else None
    if first is not None and before == _breaking(first):
        return _padded(_breaking(newest), count)
    if first is not None and len(first.release) > 1 and before == _next(first, 2):
        return _padded(_next(newest, 2), count)
    return end if newest < before else _padded(_breaking(newest), count)


def _breaking(version: Version) -> Version:
    """Return where `^` of a version ends."""
    place = next((place for place, number in enumerate(version.release) if number), len(version.release) - 1)
    return _next(version, place + 1)


def _next(version: Version, place: int) -> Version:
    release = (*version.release, *(0 for _ in range(place)))[:place]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(epoch + ".".join(map(str, (*release[:-1], release[-1] + 1))))


def _padded(version: Version, count: int) -> str:
    release = (*version.release, *(0 for _ in range(count - len(version.release))))
    epoch = f"{version.epoch}!" if version.epoch else ""
    return epoch + ".".join(map(str, release))
