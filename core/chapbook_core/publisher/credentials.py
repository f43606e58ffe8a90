"""Which credentials publish: those of the command, else of settings and environment, else of where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.address import Login
from chapbook_core.project.secret import Secret
from chapbook_core.project.settings import Login as Configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.project.settings import Settings
    from chapbook_core.publisher.repository import Repository

TOKEN_USER = "__token__"  # noqa: S105  the user that every token belongs to


def told_login(user: str | None, password: Secret | None) -> Login | None:
    """Return the login that the command was given, as far as it was; a password alone is a token."""
    if password is None:
        return None
    return Login(user or TOKEN_USER, password, "the command's options")


def configured_login(repository: Repository, settings: Settings) -> Login | None:
    """Return the token of a repository, its `http-basic`, or what stands in its URL.

    The environment is before the files in both; a login whose password is elsewhere is none.
    """
    token = settings.get(f"pypi-token.{repository.name}")
    if isinstance(token.value, Secret):
        return Login(TOKEN_USER, token.value, _place(token.origin, f"pypi-token.{repository.name}"))
    basic = settings.get(f"http-basic.{repository.name}")
    match basic.value:
        case Configured(username=user, password=Secret() as password):
            return Login(user, password, _place(basic.origin, f"http-basic.{repository.name}"))
        case _:
            return repository.login


def configured_user(repository: Repository, settings: Settings) -> str | None:
    """Return the user name that settings know without a password."""
    value = settings.get(f"http-basic.{repository.name}").value
    return value.username if isinstance(value, Configured) else None


def kept_login(
    repository: Repository,
    user: str | None,
    by_url: Callable[[str], Login | None],
    by_name: Callable[[str, str], Secret | None],
) -> Login | None:
    """Return what the keyring has for the repository: under Poetry's name for it, else under its URL or host."""
    for name in (user,) if user else (TOKEN_USER,):
        secret = by_name(f"poetry-repository-{repository.name}", name)
        if secret is not None:
            return Login(name, secret, "the keyring")
    login = by_url(repository.url)
    return login if login is not None and user in {None, login.user} else None


def _place(origin: str, setting: str) -> str:
    """Say where a setting comes from: a variable by its name, a file with its path."""
    is_variable = origin.isupper() and "/" not in origin
    return f"the environment variable {origin}" if is_variable else f"the setting {setting} in `{origin}`"
