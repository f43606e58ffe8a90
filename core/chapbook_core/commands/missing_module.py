"""Tell which package brings a module that cannot be imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.module_owners import NOBODY, ModuleOwners, Owners
from chapbook_core.commands.report import Block, Data, Line, Message, Result, Span
from chapbook_core.errors import UsageError
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

Place = Literal["project", "python", "installed", "locked", "required", "famous", "stored", "unknown"]

_LEFT: Mapping[str, tuple[int, int]] = dict.fromkeys(
    ("asynchat", "asyncore", "distutils", "imp", "smtpd"), (3, 12)
) | dict.fromkeys(
    (
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"),
        *("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    ),
    (3, 13),
)
"""Modules that were a part of Python, and the first version without them."""
_CAME: Mapping[str, tuple[int, int]] = {"zoneinfo": (3, 9), "graphlib": (3, 9), "tomllib": (3, 11)}
"""Modules that are a part of Python, and the first version with them."""
_INSTEAD: Mapping[str, str] = {"distutils": "setuptools", "tomllib": "tomli", "zoneinfo": "backports-zoneinfo"}


_TOLD: Mapping[Place, str] = {
    "project": "it is a module of this project",
    "python": "it is a part of Python",
    "installed": "{names} is installed and brings it",
    "locked": "{names} brings it, and is locked but not installed",
    "required": "{names} brings it, and is required but not locked",
    "famous": "{names} brings `{module}`",
    "stored": "{names}, which you have installed before, brings `{module}`",
    "unknown": "which package brings `{module}` is not known",
}


@frozen
class FoundModule(Result):
    """Where a module comes from."""

    module: str
    place: Place
    distributions: tuple[str, ...] = ()
    """Who brings it, by normalised names."""
    advice: str = ""
    """The command that makes it importable, without the program's name; empty when none does."""
    note: str = ""
    """What else is to be known, as a sentence without a full stop."""

    @property
    def exit_status(self) -> int:
        """Fails when nobody knows."""
        return int(self.place == "unknown")

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        told = self._told()
        if self.place == "unknown":
            hints = (
                "find its name in the documentation of whatever uses it, and run `chapbook add NAME`",
                "the package of the same name may be somebody else's, so none is proposed",
            )
            return (Message("note", told, hints),)
        blocks: list[Block] = [Line((Span(self.module, "name"), f": {told}"))]
        if self.advice:
            blocks.append(Line(("run ", Span(f"`chapbook {self.advice}`", "strong"))))
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "module": self.module,
            "place": self.place,
            "distributions": list(self.distributions),
            "advice": self.advice or None,
            "told": self._told(),
        }

    def _told(self) -> str:
        if self.note:
            return self.note
        names = " or ".join(f"`{name}`" for name in self.distributions)
        return _TOLD[self.place].format(names=names, module=self.module)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> FoundModule:
    """Look wherever something is known without asking an index."""
    module = invocation.text("module") or ""
    if not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"`{module}` is not the name of a module", hints=["write it as Python imports it"])
    session = _session(surroundings, watcher)
    python = _python(session) or surroundings.python
    top = module.partition(".")[0]
    if session is not None and _is_own(session, top):
        return FoundModule(module, "project")
    if (found := _of_python(module, top, python)) is not None:
        return found
    owners = _owners(session, surroundings).of(module)
    advice, note = _advice(owners, session)
    return FoundModule(module, owners.knowledge, owners.names, advice, note)


def _session(surroundings: Surroundings, watcher: Watcher) -> Session | None:
    from chapbook_core.commands.session import open_session  # reads the settings, which many modules do without

    try:
        return open_session(surroundings, watcher)
    except ProjectNotFound:
        return None


def _python(session: Session | None) -> tuple[int, int] | None:
    from chapbook_core.commands.project_modules import usable_environment  # as in `_session`

    environment = None if session is None else usable_environment(session)
    return None if environment is None else environment.minor


def _is_own(session: Session, top: str) -> bool:
    folder = session.manifest.folder
    places = (folder, folder / "src", session.surroundings.folder)
    return any((place / f"{top}.py").is_file() or (place / top / "__init__.py").is_file() for place in places)


def _of_python(module: str, top: str, python: tuple[int, int]) -> FoundModule | None:
    """Tell of what is, was, or will be a part of Python itself."""
    shown = ".".join(map(str, python))
    instead = (_INSTEAD[top],) if top in _INSTEAD else ()
    advice = f"add {instead[0]}" if instead else ""
    if top in _LEFT and python >= _LEFT[top]:
        last = f"{_LEFT[top][0]}.{_LEFT[top][1]}"
        more = f", and `{instead[0]}` still brings it" if instead else ""
        note = f"`{top}` is no part of Python any more since {last}, and this is {shown}{more}"
        return FoundModule(module, "python", instead, advice, note)
    if top in _CAME and python < _CAME[top]:
        more = f"; `{instead[0]}` is for older ones" if instead else ""
        note = f"`{top}` is a part of Python from {_CAME[top][0]}.{_CAME[top][1]} on, and this is {shown}{more}"
        return FoundModule(module, "python", instead, advice, note)
    if top in sys.stdlib_module_names or top in _LEFT:
        note = f"`{module}` is a part of Python; if it is missing, this Python was built without it"
        return FoundModule(module, "python", note=note)
    return None


def _owners(session: Session | None, surroundings: Surroundings) -> ModuleOwners:
    from chapbook_core.commands.project_modules import owners_of_project, store_folder  # as in `_session`

    if session is not None:
        return owners_of_project(session)
    from chapbook_core.project.settings import read_settings

    settings = read_settings(None, variables=surroundings.variables, home=surroundings.home)
    return ModuleOwners(None, (), (), store_folder(settings) if surroundings.cache else None)


def _advice(owners: Owners, session: Session | None) -> tuple[str, str]:
    """Return the command that helps, and what there is to say where none does."""
    if owners == NOBODY:
        return "", ""
    shown = " or ".join(f"`{name}`" for name in owners.names)
    match owners.knowledge:
        case "installed":
            kernel = None if session is None else session.surroundings.kernel
            where = "the project's environment" if kernel is None else "the environment"
            return "", f"{shown} brings it and is installed in {where}: restart the kernel, or choose the project's"
        case "locked":
            return "install", ""
        case "required":
            return "lock", ""
        case "famous" | "stored" if len(owners.names) == 1:
            return f"add {owners.names[0]}", ""
        case _:
            return "", f"{shown} bring it: choose one, and run `chapbook add NAME`"
