"""Show or change settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import UsageError
from chapbook_core.project.config_keys import FAMILIES
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.secret import Secret
from chapbook_core.project.settings import Login, read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.settings import Setting, Settings


@dataclass(frozen=True, slots=True)
class Listed(Result):
    """Settings with their values and where these come from."""

    settings: tuple[Setting, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line, as it would stand in a file, with what it comes to behind it."""
        return tuple(Line(_line(setting)) for setting in self.settings)


@dataclass(frozen=True, slots=True)
class Got(Result):
    """One setting."""

    setting: Setting

    def report(self) -> tuple[Block, ...]:
        """Tell the value alone, for scripts; where it comes from for the verbose."""
        origin = Line((Span(f"from {self.setting.origin}", "dim"),), detail=1)
        return (Line(_bare(self.setting.value)), origin)


@dataclass(frozen=True, slots=True)
class Changed(Result):
    """A setting was set or forgotten."""

    name: str
    file: Path
    unset: bool
    overridden_by: str = ""
    """What beats the file, so that the change shows no effect here."""

    def report(self) -> tuple[Block, ...]:
        """Tell the verbose; a script that sets ten settings needs no ten lines."""
        verb = "taken out of" if self.unset else "written to"
        told: list[Block] = [Line((Span(self.name, "name"), f" was {verb} {self.file}"), detail=1)]
        if self.overridden_by:
            told.append(
                Message("warning", f"`{self.name}` still comes from {self.overridden_by}, which beats the file")
            )
        return tuple(told)


@dataclass(frozen=True, slots=True)
class NothingToMigrate(Result):
    """Every setting has today's form."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line("every setting has today's form: there is nothing to migrate"),)


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Result:
    """Do what the options ask for."""
    key, words = invocation.text("key"), invocation.texts("value")
    settings = read_settings(_project(surroundings), variables=surroundings.variables, home=surroundings.home)
    if invocation.flag("list"):
        _require_no_words(key, "--list")
        return Listed(settings.all())
    if invocation.flag("migrate"):
        _require_no_words(key, "--migrate")
        return NothingToMigrate()
    if key is None:
        raise UsageError("`config` needs the name of a setting", hints=["run `chapbook config --list` to see them all"])
    local = invocation.flag("local")
    if invocation.flag("unset"):
        if words:
            raise UsageError("`--unset` takes no value", hints=[f"run `chapbook config {key} --unset`"])
        return _changed(settings.unset(key, local=local), key, surroundings, unset=True)
    if words:
        return _changed(settings.change(key, words, local=local), key, surroundings, unset=False)
    return _shown(settings, key)


def _shown(settings: Settings, key: str) -> Result:
    if key in FAMILIES:
        return Listed(tuple(setting for setting in settings.all() if setting.key.name.startswith(f"{key}.")))
    return Got(settings.get(key))


def _changed(file: Path, key: str, surroundings: Surroundings, *, unset: bool) -> Changed:
    settings = read_settings(_project(surroundings), variables=surroundings.variables, home=surroundings.home)
    setting = settings.get(key)
    beaten = not setting.is_default if unset else setting.origin != str(file)
    return Changed(setting.key.name, file, unset, setting.origin if beaten else "")


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
        case None | bool() | int() | str():
            return json.dumps(value, ensure_ascii=False)
        case tuple():
            return json.dumps(list(value), ensure_ascii=False)
        case _:
            return _bare(value)


def _bare(value: object) -> str:
    match value:
        case Login(username, password):
            return f"{username} {password or ''}".rstrip()
        case Secret() | str():
            return str(value)
        case tuple():
            return ",".join(str(part) for part in value)
        case _:
            return json.dumps(value)
