"""What `add` was asked for: its words and options, made into requirements."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.errors import UsageError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.argument import parse_argument
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS, parse_marker, python_marker
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
)
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement

_PLATFORM = late_pattern(r"[A-Za-z0-9_]+")
_OR = late_pattern(r"\s*\|\|?\s*")


@frozen
class Addition:
    """One word after `add`."""

    typed: str
    requirement: Requirement
    is_bare: bool
    """Whether it is a name and nothing else, with no option that says more: what is required already may stay."""

    conditions: tuple[tuple[str, str], ...] = ()
    """What stands for the marker in Poetry's own tables: the options as they were typed."""

    @property
    def is_open(self) -> bool:
        """Whether the version is ours to choose."""
        return isinstance(self.requirement.origin, IndexOrigin) and not self.requirement.constraint.text

    @property
    def source(self) -> str | None:
        """The source it insists on."""
        return self.requirement.origin.source if isinstance(self.requirement.origin, IndexOrigin) else None


@frozen
class Where:
    """Where in the project file additions go."""

    group: str = MAIN
    extra: str | None = None

    @property
    def text(self) -> str:
        """Say it."""
        if self.extra is not None:
            return f"the extra {self.extra}"
        return "the project" if canonical_name(self.group) == MAIN else f"the group {self.group}"

    @property
    def options(self) -> str:
        """The options of a command that is about the same place."""
        if self.extra is not None:
            return f" --optional {self.extra}"
        return "" if canonical_name(self.group) == MAIN else f" --group {self.group}"

    def on_demand(self, manifest: Manifest) -> str:
        """Return the option with which `install` takes what is here, where it does not by itself."""
        if self.extra is not None:
            return f"--extras {self.extra}"
        name = canonical_name(self.group)
        return f"--with {self.group}" if any(one.optional for one in manifest.groups if one.name == name) else ""


def read_where(invocation: Invocation) -> Where:
    """Read the options that say where."""
    group = "dev" if invocation.flag("dev") else invocation.text("group") or MAIN
    if not is_valid_name(group):
        raise UsageError(f"`{group}` cannot be the name of a group")
    declared = {option.name for option in invocation.command.options}
    extra = invocation.text("optional") if "optional" in declared else None
    if extra is not None and canonical_name(group) != MAIN:
        hint = f"leave out `--group`, or `--optional {extra}`"
        raise UsageError("an extra belongs to the project itself, not to a group", hints=[hint])
    if extra is not None and not is_valid_name(extra):
        raise UsageError(f"`{extra}` cannot be the name of an extra")
    return Where(group, extra)


def read_additions(invocation: Invocation, session: Session, surroundings: Surroundings) -> tuple[Addition, ...]:
    """Read words and options; raises UsageError and whatever a word is refused with."""
    words = invocation.texts("name")
    extras = frozenset(canonical_name(part) for text in invocation.texts("extras") for part in text.split())
    if extras and len(words) > 1:
        hints = ["write them behind the name, as in `requests[socks]`"]
        raise UsageError("`--extras` goes with one package alone", hints=hints)
    marker = _marker(invocation)
    source = _source(invocation, session)
    options = ("extras", "python", "platform", "markers", "source")
    is_plain = not any(name in invocation.values for name in (*options, "editable", "allow-prereleases"))
    additions = []
    for word in words:
        requirement = parse_argument(word, surroundings.folder, home=surroundings.home)
        given = requirement.marker
        requirement = replace(
            requirement,
            extras=requirement.extras | extras,
            marker=requirement.marker & marker,
            origin=_origin(word, requirement.origin, source, surroundings, editable=invocation.flag("editable")),
            allow_prereleases=True if invocation.flag("allow-prereleases") else None,
            optional=invocation.text("optional") is not None,
        )
        if requirement.marker.is_never:
            raise UsageError(f"no environment would ever get `{word}`", hints=["its markers contradict each other"])
        is_bare = is_plain and canonical_name(word.strip()) == requirement.name
        additions.append(Addition(word, requirement, is_bare, _conditions(invocation, given)))
    return tuple(additions)


def require_once(additions: Iterable[Addition], own: str | None) -> None:
    """Raise UsageError when a package is named twice, or is the project itself."""
    known: dict[str, str] = {}
    for addition in additions:
        name = addition.requirement.name
        if own is not None and name == canonical_name(own) and not addition.requirement.extras:
            raise UsageError(
                f"`{addition.typed}` is the project itself",
                hints=["give the project another name if it shall require the package of this one"],
            )
        if name in known:
            raise UsageError(f"`{known[name]}` and `{addition.typed}` are the same package", hints=["name it once"])
        known[name] = addition.typed


def _marker(invocation: Invocation) -> Marker:
    marker = ALWAYS
    if (text := invocation.text("markers")) is not None:
        marker &= parse_marker(text)
    if (text := invocation.text("python")) is not None:
        marker &= python_marker(parse_constraint(text))
    if (text := invocation.text("platform")) is not None:
        names = _OR.split(text.strip())
        for name in names:
            if _PLATFORM.fullmatch(name) is None:
                hints = ["write it as Python's `sys.platform` has it: `linux`, `darwin`, `win32`"]
                raise UsageError(f"`{name}` is not the name of a platform", hints=hints)
        marker &= reduce(or_, (parse_marker(f'sys_platform == "{name}"') for name in names))
    return marker


def _conditions(invocation: Invocation, given: Marker) -> tuple[tuple[str, str], ...]:
    """Return the options that Poetry has keys for, when there are any; `given` is the marker of the word itself."""
    conditions = [(key, text) for key in ("python", "platform") if (text := invocation.text(key)) is not None]
    if not conditions:
        return ()
    marker = given & parse_marker(invocation.text("markers") or "")
    return (*conditions, *([] if marker.is_always else [("markers", str(marker))]))


def _source(invocation: Invocation, session: Session) -> str | None:
    asked = invocation.text("source")
    if asked is None:
        return None
    names = [source.name for source in session.manifest.sources]
    found = next((name for name in names if name.lower() == asked.lower()), None)
    if found is None:
        listed = f"its sources are {', '.join(f'`{name}`' for name in names)}" if names else "it has none"
        hints = [listed, f"run `chapbook source add --priority=explicit {asked} URL` first"]
        raise UsageError(f"the project has no source `{asked}`", hints=hints)
    return found


def _origin(word: str, origin: Origin, source: str | None, surroundings: Surroundings, *, editable: bool) -> Origin:
    match origin:
        case IndexOrigin() if editable:
            hints = [f"write the path of its folder, as in `chapbook add --editable ../{word}`"]
            raise UsageError(f"`{word}` comes from an index and cannot be editable", hints=hints)
        case UrlOrigin() | FileOrigin() if editable:
            raise UsageError(f"`{word}` is an archive; only folders and git repositories can be editable")
        case IndexOrigin():
            return IndexOrigin(source) if source is not None else origin
        case _ if source is not None:
            raise UsageError(f"`{word}` says where it comes from; `--source` has no say in that")
        case GitOrigin():
            return replace(origin, develop=editable)
        case DirectoryOrigin(path=path):
            # What is typed is relative to here, what is written to the project.
            return replace(origin, path=surroundings.folder / path, develop=editable)
        case FileOrigin(path=path):
            return replace(origin, path=surroundings.folder / path)
        case UrlOrigin():
            return origin
