"""What a built package requires, in the words that Poetry's own backend writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild
from chapbook_core.requirements.constraint import NoSpecifier, parse_constraint
from chapbook_core.requirements.cut import Side, above_locals, before, before_family
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    UrlOrigin,
    reference_text,
)
from chapbook_core.value import replace

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.requirement import Requirement


def requires_dist(manifest: Manifest) -> list[str]:
    """Return the texts in order; an optional requirement that no extra brings is left out."""
    texts = (
        _text(requirement, manifest)
        for requirement in manifest.built_requirements
        if not requirement.optional or requirement.in_extras
    )
    return sorted(texts)


def local_paths(manifest: Manifest) -> list[str]:
    """Return the names of what is required from a place on this machine, which nobody else has."""
    return sorted(
        requirement.pretty_name
        for requirement in manifest.built_requirements
        if isinstance(requirement.origin, FileOrigin | DirectoryOrigin)
    )


def _text(requirement: Requirement, manifest: Manifest) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    text = f"{requirement.pretty_name}{extras}{_where(requirement, manifest.folder)}"
    conditions = [] if requirement.marker.is_always else [_marker(requirement, manifest)]
    if requirement.in_extras and "extra" not in requirement.marker.variables():
        conditions.append(
            " or ".join(f'extra == "{extra}"' for extra in manifest.extras if extra in requirement.in_extras)
        )
    if len(conditions) > 1:
        conditions = [" and ".join(f"({condition})" for condition in conditions)]
    return f"{text} ; {conditions[0]}" if conditions else text


def _where(requirement: Requirement, folder: Path) -> str:
    """Return which versions, or where from."""
    match requirement.origin:
        case UrlOrigin() | GitOrigin() as origin:
            return f" @ {reference_text(origin)}"
        case FileOrigin(path=path, subdirectory=subdirectory) | DirectoryOrigin(path=path, subdirectory=subdirectory):
            fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
            return f" @ {(folder / path).resolve().as_uri()}{fragment}"
        case _ if requirement.constraint.is_any:
            return ""
        case _:
            try:
                return f" ({_specifiers(requirement.constraint)})"
            except NoSpecifier as problem:
                message = f"the versions of `{requirement.pretty_name}` have a hole that package metadata cannot tell"
                raise CannotBuild(f"{message}: `{requirement.constraint}`", hints=problem.hints) from None


def _specifiers(constraint: Constraint) -> str:
    """Return the versions clause by clause in the author's order when they leave some out, as Poetry does."""
    clauses = [clause.strip() for clause in constraint.text.split(",")]
    if len(clauses) > 1 and any(clause.startswith("!=") for clause in clauses) and "|" not in constraint.text:
        try:
            return ",".join(parse_constraint(clause).specifier_text() for clause in clauses if clause)
        except NoSpecifier:
            pass
    try:
        return constraint.specifier_text()
    except NoSpecifier:
        return _widened(constraint).specifier_text()


def _widened(constraint: Constraint) -> Constraint:
    """Let each hole be what PEP 440 can leave out: one version, or whole families with their pre-releases.

    Of `^1.0 || ^3.0` that makes `>=1.0,!=2.*,<4.0`, which allows 3.0rc1 too, and of `<2 || >2` it makes `!=2`.
    """
    first, *rest = constraint.cuts
    cuts = [first]
    for ended, begun in zip(rest[::2], rest[1::2], strict=False):
        if ended.version != begun.version:
            cuts += [ended, before_family(begun.version) if begun.side is Side.BEFORE else begun]
        elif begun.side is not Side.BEFORE:
            cuts += [before(ended.version), above_locals(ended.version)]
        # Else only pre-releases are left out, which nobody gets without asking.
    return replace(constraint, cuts=(*cuts, *(rest[-1:] if len(rest) % 2 else [])))


def _marker(requirement: Requirement, manifest: Manifest) -> str:
    # Words for a marker are a large part of the package, and few requirements have one.
    from chapbook_core.builder.marker_words import declared_words

    words = declared_words(requirement, manifest.data)
    return str(requirement.marker) if words is None else words
