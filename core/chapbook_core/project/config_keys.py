"""The settings there are: their names, what each may be, and its default."""

from __future__ import annotations

import json
import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

Value = bool | int | str | tuple[str, ...] | None
"""What a setting can hold; text may hold `{other-setting}`."""


class Kind(Enum):
    """What a setting may be, with the words for it."""

    FLAG = "`true` or `false`"
    NUMBER = "a whole number, 0 or more"
    TEXT = "a text"
    PACKAGES = "`true`, `false`, `:all:`, `:none:` or names of packages, separated by commas"
    NAMES = "names, separated by commas"
    OPTIONS = "a JSON object of texts or lists of texts"
    LOGIN = "a user name and a password"
    SECRET = "a secret"  # noqa: S105  # the word for one, not one


@frozen
class ConfigKey:
    """A setting that exists."""

    name: str
    kind: Kind
    default: Value = None

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in a configuration file."""
        return _path(self.name)

    @property
    def family(self) -> str | None:
        """The part before the name that a person chose: `http-basic` of `http-basic.work`."""
        return _family(self.name)

    @property
    def is_secret(self) -> bool:
        """Whether it belongs in the file that only its owner can read."""
        return self.kind in {Kind.LOGIN, Kind.SECRET}

    @property
    def variable(self) -> str:
        """The environment variable that sets it, without the tool's prefix."""
        return _variable(self.name)


FAMILIES = ("repositories", "http-basic", "pypi-token", "certificates", "installer.build-config-settings")
_SUFFIXES = ("url", "client-cert", "cert")


# Every command asks for every setting, so what follows from a name is computed once.


@lru_cache(maxsize=1024)
def _family(name: str) -> str | None:
    return next((family for family in FAMILIES if name.startswith(f"{family}.")), None)


@lru_cache(maxsize=1024)
def _path(name: str) -> tuple[str, ...]:
    family = _family(name)
    if family is None:
        return tuple(name.split("."))
    rest = name.removeprefix(f"{family}.")
    suffix = next((suffix for suffix in _SUFFIXES if rest.endswith(f".{suffix}")), None)
    chosen = rest if suffix is None else rest.removesuffix(f".{suffix}")
    return (*family.split("."), chosen, *(() if suffix is None else (suffix,)))


@lru_cache(maxsize=1024)
def _variable(name: str) -> str:
    return re.sub(r"[.-]", "_", ".".join(_path(name))).upper()


KEYS: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey("cache-dir", Kind.TEXT),
        ConfigKey("data-dir", Kind.TEXT),
        ConfigKey("installer.background", Kind.FLAG, default=True),
        ConfigKey("installer.builtin-uninstall", Kind.FLAG, default=False),
        ConfigKey("installer.max-workers", Kind.NUMBER),
        ConfigKey("installer.no-binary", Kind.PACKAGES),
        ConfigKey("installer.only-binary", Kind.PACKAGES),
        ConfigKey("installer.parallel", Kind.FLAG, default=True),
        ConfigKey("installer.re-resolve", Kind.FLAG, default=False),
        ConfigKey("keyring.enabled", Kind.FLAG, default=True),
        ConfigKey("python.installation-dir", Kind.TEXT, "{data-dir}/python"),
        ConfigKey("requests.max-retries", Kind.NUMBER, 0),
        ConfigKey("solver.lazy-wheel", Kind.FLAG, default=True),
        ConfigKey("solver.min-release-age", Kind.NUMBER, 0),
        ConfigKey("solver.min-release-age-exclude", Kind.PACKAGES),
        ConfigKey("solver.min-release-age-exclude-source", Kind.NAMES),
        ConfigKey("system-git-client", Kind.FLAG, default=False),
        ConfigKey("virtualenvs.create", Kind.FLAG, default=True),
        # Poetry leaves this open; here the environment is part of the project unless someone says otherwise.
        ConfigKey("virtualenvs.in-project", Kind.FLAG, default=True),
        ConfigKey("virtualenvs.options.always-copy", Kind.FLAG, default=False),
        # Poetry puts pip in; here nothing needs it.
        ConfigKey("virtualenvs.options.no-pip", Kind.FLAG, default=True),
        ConfigKey("virtualenvs.options.system-site-packages", Kind.FLAG, default=False),
        ConfigKey("virtualenvs.path", Kind.TEXT, "{cache-dir}/virtualenvs"),
        ConfigKey("virtualenvs.prompt", Kind.TEXT, "{project_name}-py{python_version}"),
        ConfigKey("virtualenvs.use-poetry-python", Kind.FLAG, default=False),
    )
}


class UnknownSetting(UsageError):
    """There is no setting of this name."""

    def __init__(self, name: str) -> None:
        # Imported here because only this error needs it.
        from difflib import get_close_matches

        near = get_close_matches(name, [*KEYS, *FAMILIES], n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`chapbook config --list` shows every setting"
        super().__init__(f"there is no setting `{name}`", hints=[hint])


class InvalidSetting(ChapbookError):
    """A setting has a value that it cannot have."""

    def __init__(self, key: ConfigKey, value: object, where: str) -> None:
        shown = "that value" if key.is_secret else f"`{value}`"
        super().__init__(f"`{key.name}` cannot be {shown}, set in {where}", hints=[f"it must be {key.kind.value}"])


def find_key(name: str) -> ConfigKey:
    """Return the setting of a name; raises UnknownSetting."""
    if name in KEYS:
        return KEYS[name]
    for family, make in _MAKERS.items():
        rest = name.removeprefix(f"{family}.")
        if rest != name and rest and (key := make(rest)) is not None:
            return key
    raise UnknownSetting(name)


def _certificate(rest: str) -> ConfigKey | None:
    return ConfigKey(f"certificates.{rest}", Kind.TEXT) if rest.endswith((".cert", ".client-cert")) else None


_MAKERS: dict[str, Callable[[str], ConfigKey | None]] = {
    "repositories": lambda rest: ConfigKey(f"repositories.{rest.removesuffix('.url')}.url", Kind.TEXT),
    "http-basic": lambda rest: ConfigKey(f"http-basic.{rest}", Kind.LOGIN),
    "pypi-token": lambda rest: ConfigKey(f"pypi-token.{rest}", Kind.SECRET),
    "certificates": _certificate,
    "installer.build-config-settings": lambda rest: ConfigKey(
        f"installer.build-config-settings.{canonical_name(rest)}", Kind.OPTIONS
    ),
}


def value_from_text(key: ConfigKey, text: str, where: str) -> Value:
    """Read a value as it is typed or as an environment variable holds it; raises InvalidSetting."""
    parse = _PARSERS.get(key.kind)
    value = None if parse is None else parse(text.strip())
    if value is None:
        raise InvalidSetting(key, text, where)
    return value


def value_from_file(key: ConfigKey, value: object, where: str) -> Value:
    """Read a value as a configuration file holds it; raises InvalidSetting."""
    match key.kind, value:
        case _, str():
            text = value
        case ((Kind.FLAG | Kind.PACKAGES), bool()):
            text = str(value)
        case Kind.TEXT, bool() if key.family == "certificates":
            # `false` stands for no verification, a text for a file.
            text = str(value).lower()
        case Kind.NUMBER, int() if not isinstance(value, bool):
            text = str(value)
        case ((Kind.NAMES | Kind.PACKAGES), list()) if all(isinstance(item, str) for item in value):
            text = ",".join(value)
        case Kind.OPTIONS, dict():
            text = json.dumps(value)
        case _:
            raise InvalidSetting(key, value, where)
    return value_from_text(key, text, where)


def _flag(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _packages(text: str) -> tuple[str, ...] | None:
    if text.lower() in {"true", "1"}:
        return (":all:",)
    if text.lower() in {"false", "0", ""}:
        return (":none:",)
    names = _names(text)
    if not all(is_valid_name(name) or name in {":all:", ":none:"} for name in names):
        return None
    return tuple(name if name.startswith(":") else canonical_name(name) for name in names)


def _options(text: str) -> str | None:
    try:
        options = json.loads(text)
    except ValueError:
        return None
    is_valid = isinstance(options, dict) and all(
        isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        for value in options.values()
    )
    return text if is_valid else None


_PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.FLAG: _flag,
    Kind.NUMBER: lambda text: int(text) if text.isascii() and text.isdigit() else None,
    Kind.TEXT: lambda text: text or None,
    Kind.SECRET: lambda text: text or None,
    Kind.NAMES: _names,
    Kind.PACKAGES: _packages,
    Kind.OPTIONS: _options,
}
