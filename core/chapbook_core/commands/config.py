"""Show or change settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import UsageError
from chapbook_core.project.config_keys import FAMILIES, Kind, find_key
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.former_settings import Move, migrate
from chapbook_core.project.secret import Secret
from chapbook_core.project.settings import PROJECT_SETTINGS, Login, read_settings
from chapbook_core.requirements.url import masked_url
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.settings import Setting, Settings


@frozen
class Listed(Result):
    """Settings with their values and where these come from."""

    settings: tuple[Setting, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line, as it would stand in a file, with what it comes to behind it."""
        return tuple(Line(_line(setting)) for setting in self.settings)


@frozen
class Got(Result):
    """One setting."""

    setting: Setting

    def report(self) -> tuple[Block, ...]:
        """Tell the value alone, for scripts; where it comes from for the verbose."""
        origin = Line((Span(f"from {self.setting.origin}", "dim"),), detail=1)
        return (Line(_bare(self.setting.value)), origin)


@frozen
class Changed(Result):
    """A setting was set or forgotten."""

    name: str
    file: Path
    unset: bool
    overridden_by: str = ""
    """What beats the file, so that the change shows no effect here."""
    follows: str = ""
    """Where the value comes from when it does not stand in the file any more."""

    def report(self) -> tuple[Block, ...]:
        """Tell the verbose; a script that sets ten settings needs no ten lines."""
        verb = "taken out of" if self.unset else "written to"
        told: list[Block] = [Line((Span(self.name, "name"), f" was {verb} {self.file}"), detail=1)]
        if self.overridden_by:
            told.append(
                Message("warning", f"`{self.name}` still comes from {self.overridden_by}, which beats the file")
            )
        if self.follows:
            told.append(Message("note", f"`{self.name}` comes from {self.follows} instead"))
        return tuple(told)


@frozen
class Migrated(Result):
    """Settings have the names of today."""

    file: Path
    moves: tuple[Move, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each, or that there was none."""
        if not self.moves:
            return (Line(f"every setting in {self.file} has today's form: there is nothing to migrate"),)
        return tuple(
            Line(
                (
                    Span(move.former, "name"),
                    " became ",
                    Span(move.name, "name"),
                    "" if move.value is None else f" = {_bare(move.value)}",
                    ", whose default says the same" if move.value is None else "",
                )
            )
            for move in self.moves
        )


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Result:
    """Do what the options ask for."""
    key, words = invocation.text("key"), invocation.texts("value")
    settings = read_settings(_project(surroundings), variables=surroundings.variables, home=surroundings.home)
    if invocation.flag("list"):
        _require_no_words(key, "--list")
        return Listed(settings.all())
    if invocation.flag("migrate"):
        _require_no_words(key, "--migrate")
        file = settings.file(local=invocation.flag("local"))
        return Migrated(file, migrate(file))
    if key is None:
        raise UsageError("`config` needs the name of a setting", hints=["run `chapbook config --list` to see them all"])
    local = invocation.flag("local")
    if invocation.flag("unset"):
        if words:
            raise UsageError("`--unset` takes no value", hints=[f"run `chapbook config {key} --unset`"])
        return _changed(settings.unset(key, local=local), key, surroundings, unset=True)
    if words:
        words = _with_password(key, words, surroundings)
        return _changed(settings.change(key, words, local=local), key, surroundings, unset=False)
    return _shown(settings, key)


def _shown(settings: Settings, key: str) -> Result:
    if key in FAMILIES:
        return Listed(tuple(setting for setting in settings.all() if setting.key.name.startswith(f"{key}.")))
    return Got(settings.get(key))


def _changed(file: Path, key: str, surroundings: Surroundings, *, unset: bool) -> Changed:
    settings = read_settings(_project(surroundings), variables=surroundings.variables, home=surroundings.home)
    setting = settings.get(key)
    if setting.origin == str(file) or (unset and setting.is_default):
        return Changed(setting.key.name, file, unset)
    # The settings of a project go before those of a person, and variables before all files.
    is_next = unset and Path(setting.origin).is_absolute() and Path(setting.origin).name != PROJECT_SETTINGS
    if is_next:
        return Changed(setting.key.name, file, unset, follows=setting.origin)
    return Changed(setting.key.name, file, unset, setting.origin)


def _with_password(name: str, words: tuple[str, ...], surroundings: Surroundings) -> tuple[str, ...]:
    """Ask for a password that is not typed into the command, where other programs and the shell's history see it."""
    key = find_key(name)
    if key.kind is not Kind.LOGIN or len(words) != 1 or surroundings.ask is None:
        return words
    return (*words, surroundings.ask.ask_secret(f"password of {words[0]} for {key.path[-1]}"))


def _require_no_words(key: str | None, option: str) -> None:
    if key is not None:
        raise UsageError(f"`{option}` goes without a setting", hints=[f"run `chapbook config {option}`"])


def _project(surroundings: Surroundings) -> Path | None:
    try:
        return find_project(surroundings.start)
    except ProjectNotFound:
        return None


def _line(setting: Setting) -> tuple[str | Span, ...]:
    line: tuple[str | Span, ...] = (Span(setting.key.name, "name"), " = ", Span(_quoted(setting.raw), "version"))
    return line if setting.raw == setting.value else (*line, Span(f"  # {_bare(setting.value)}", "dim"))


def _quoted(value: object) -> str:
    match value:
        case str():
            return json.dumps(masked_url(value), ensure_ascii=False)
        case None | bool() | int():
            return json.dumps(value)
        case tuple():
            return json.dumps(list(value), ensure_ascii=False)
        case _:
            return _bare(value)


def _bare(value: object) -> str:
    match value:
        case Login(username, password):
            return f"{username} {password or ''}".rstrip()
        case Secret():
            return str(value)
        case str():
            return masked_url(value)
        case tuple():
            return ",".join(str(part) for part in value)
        case _:
            return json.dumps(value)
