"""The settings of a person and a project, each with the place it comes from."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.errors import UsageError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.config_file import ConfigFile, change_config_file, read_config_file
from chapbook_core.project.config_keys import (
    FAMILIES,
    KEYS,
    ConfigKey,
    InvalidSetting,
    Kind,
    Value,
    find_key,
    value_from_file,
    value_from_text,
)
from chapbook_core.project.locations import Locations, find_locations
from chapbook_core.project.secret import Secret
from chapbook_core.requirements.url import split_userinfo
from chapbook_core.value import frozen

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.project.toml_text import Value as Written

PROJECT_SETTINGS = "poetry.toml"
_PREFIXES = ("CHAPBOOK_", "POETRY_")
_LISTS = frozenset({Kind.NAMES, Kind.PACKAGES})
_REFERENCE = late_pattern(r"\{(?P<name>[a-z-]+(?:\.[a-z-]+)*)\}")


@frozen
class Login:
    """A user name and a password for one repository."""

    username: str
    password: Secret | None


@frozen
class Setting:
    """One setting as it holds."""

    key: ConfigKey
    value: Value | Login | Secret
    raw: Value | Login | Secret
    """Before `{other-setting}` was filled in."""
    origin: str
    """`default`, the name of an environment variable, or the path of a file."""

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.origin == "default"


class Settings:
    """What holds here: the environment over the project over the person over Poetry's own files over the defaults."""

    def __init__(
        self, files: Sequence[ConfigFile], locations: Locations, variables: Mapping[str, str], project: Path | None
    ) -> None:
        self.locations = locations
        self._files = tuple(files)
        self._variables = variables
        self._project = project
        self._known: dict[str, Setting] = {}

    @property
    def places(self) -> tuple[str, ...]:
        """The files that were looked for, whether they are there or not."""
        return tuple(str(file.file) for file in self._files)

    def get(self, name: str) -> Setting:
        """Return a setting; raises UnknownSetting or InvalidSetting."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._found(name)
        return known

    def _found(self, name: str) -> Setting:
        key = find_key(name)
        raw, origin = self._login(key) if key.kind is Kind.LOGIN else self._plain(key)
        if not isinstance(raw, str):
            return Setting(key, raw, raw, origin)
        if key.kind is Kind.SECRET:
            return Setting(key, Secret(raw), Secret(raw), origin)
        return Setting(key, self._filled_in(raw, frozenset({key.name})), raw, origin)

    def all(self) -> tuple[Setting, ...]:
        """Return every plain setting, and those with a chosen name that files hold; secrets show as a mask."""
        return tuple(self.get(name) for name in (*KEYS, *sorted(set(self._named()))))

    def flag(self, name: str) -> bool:
        """Return a yes-or-no setting."""
        return self.get(name).value is True

    def number(self, name: str) -> int | None:
        """Return a setting that counts something, or None when nobody set it."""
        value = self.get(name).value
        return value if isinstance(value, int) else None

    def text(self, name: str) -> str | None:
        """Return a setting that is a text, or None when nobody set it."""
        value = self.get(name).value
        return value if isinstance(value, str) else None

    def names(self, name: str) -> tuple[str, ...]:
        """Return a setting that lists names; empty when nobody set it."""
        value = self.get(name).value
        return value if isinstance(value, tuple) else ()

    def login(self, repository: str) -> Login | None:
        """Return the user name and password for a repository."""
        value = self.get(f"http-basic.{repository}").value
        return value if isinstance(value, Login) else None

    def token(self, repository: str) -> Secret | None:
        """Return the upload token for a repository."""
        value = self.get(f"pypi-token.{repository}").value
        return value if isinstance(value, Secret) else None

    def change(self, name: str, words: Sequence[str], *, local: bool = False) -> Path:
        """Set a setting to what a person typed, for the person or for the project; return the file it is in.

        Secrets always go to the person's private file. Raises UnknownSetting, InvalidSetting and WriteFailed.
        """
        key = find_key(name)
        target = self._target(key, local=local)
        change_config_file(target, key.path, _typed(key, words), is_private=key.is_secret)
        return target

    def unset(self, name: str, *, local: bool = False) -> Path:
        """Remove a setting from the person's or the project's file; return that file."""
        key = find_key(name)
        target = self._target(key, local=local)
        change_config_file(target, key.path, None, is_private=key.is_secret)
        return target

    def _target(self, key: ConfigKey, *, local: bool) -> Path:
        if key.is_secret:
            return self.locations.config / "auth.toml"
        return self.file(local=local)

    def file(self, *, local: bool) -> Path:
        """Return the file of the person's plain settings, or that of the project's."""
        if not local:
            return self.locations.config / "config.toml"
        if self._project is None:
            raise UsageError("`--local` needs a project", hints=["run it in a project, or without `--local`"])
        return self._project / PROJECT_SETTINGS

    def _plain(self, key: ConfigKey) -> tuple[Value, str]:
        for prefix in _PREFIXES:
            variable = prefix + key.variable
            text = self._variables.get(variable)
            # Scripts and containers switch a variable off by emptying it; an empty list is a value.
            if text is not None and (text.strip() or key.kind in _LISTS):
                return value_from_text(key, text, f"the environment variable {variable}"), variable
        for file in self._files:
            value = file.get(key.path)
            if value is None and key.family == "repositories":
                # The short form, `repositories.name = "https://..."`.
                short = file.get(key.path[:-1])
                value = short if isinstance(short, str) else None
            if value is not None:
                return value_from_file(key, value, f"`{file.file}`"), str(file.file)
        return self._default(key), "default"

    def _default(self, key: ConfigKey) -> Value:
        match key.name:
            case "cache-dir":
                return str(self.locations.cache)
            case "data-dir":
                return str(self.locations.data)
            case _:
                return key.default

    def _login(self, key: ConfigKey) -> tuple[Login | None, str]:
        for prefix in _PREFIXES:
            variable = f"{prefix}{key.variable}_USERNAME"
            if username := self._variables.get(variable):
                password = self._variables.get(f"{prefix}{key.variable}_PASSWORD")
                return Login(username, None if password is None else Secret(password)), variable
        for file in self._files:
            value = file.get(key.path)
            match value:
                case None:
                    continue
                case {"username": str() as username, "password": str() as password}:
                    return Login(username, Secret(password)), str(file.file)
                case {"username": str() as username}:
                    return Login(username, None), str(file.file)
                case _:
                    raise InvalidSetting(key, value, f"`{file.file}`")
        return None, "default"

    def _filled_in(self, text: str, seen: frozenset[str]) -> str:
        """Fill in other settings; what is none, or leads back here, stays as it is."""

        def value(match: re.Match[str]) -> str:
            name = match["name"]
            if name not in KEYS or name in seen:
                return match[0]
            raw, _ = self._plain(KEYS[name])
            return match[0] if raw is None else self._filled_in(str(raw), seen | {name})

        return _REFERENCE.sub(value, text)

    def _named(self) -> Iterator[str]:
        """Yield the names of the settings that contain a name a person chose."""
        for family in FAMILIES:
            for file in self._files:
                table = file.get(tuple(family.split(".")))
                for name, value in table.items() if isinstance(table, dict) else ():
                    if family == "certificates" and isinstance(value, dict):
                        yield from (f"{family}.{name}.{key}" for key in value if key in {"cert", "client-cert"})
                    elif family != "certificates":
                        yield find_key(f"{family}.{name}").name


def read_settings(project: Path | None, *, variables: Mapping[str, str], home: Path) -> Settings:
    """Read every file of settings that counts for a project, or for a person outside any; raises FileMistakes."""
    locations = find_locations(variables, home)
    places = _places(project, locations)
    return Settings([read_config_file(place) for place in places], locations, variables, project)


@lru_cache(maxsize=16)
def _places(project: Path | None, locations: Locations) -> tuple[Path, ...]:
    """Return where the files are; each command that writes asks twice."""
    places = [] if project is None else [project / PROJECT_SETTINGS]
    for folder in (locations.config, locations.poetry_config):
        places += [folder / "auth.toml", folder / "config.toml"]
    return tuple(places)


def _typed(key: ConfigKey, words: Sequence[str]) -> Written:
    """Return what is written into the file for the words a person typed."""
    if key.kind is Kind.LOGIN:
        match words:
            case [username]:
                return {"username": username}
            case [username, password]:
                return {"username": username, "password": password}
            case _:
                raise UsageError(f"`{key.name}` needs a user name and a password")
    if len(words) != 1:
        raise UsageError(f"`{key.name}` needs one value, and {len(words)} were given")
    value = value_from_text(key, words[0], "the command")
    if key.family == "repositories" and split_userinfo(words[0])[1] is not None:
        hint = f"run `chapbook config http-basic.{key.path[-2]} USERNAME PASSWORD` and give the URL without them"
        raise UsageError(f"`{key.name}` is no place for credentials, for others can read the file", hints=[hint])
    if key.family == "certificates" and value == "false":
        return False
    if key.kind is Kind.OPTIONS:
        options: dict[str, Written] = json.loads(words[0])
        return options
    if isinstance(value, tuple):
        return list(value)
    return "" if value is None else value
