"""The credentials of one upload, looked for in the order in which people expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.address import Login
from chapbook_core.index.failure import IndexFailure
from chapbook_core.project.config_keys import find_key
from chapbook_core.project.secret import Secret
from chapbook_core.publisher.credentials import TOKEN_USER, configured_login, configured_user, kept_login, told_login
from chapbook_core.publisher.repository import login_in_file
from chapbook_core.publisher.trusted import TrustedPublishingFailed, is_possible, trusted_login
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.publish_room import Room
    from chapbook_core.commands.surroundings import Asker, Surroundings
    from chapbook_core.project.settings import Settings
    from chapbook_core.publisher.repository import Repository


class NoCredentials(ChapbookError):
    """Nobody says who publishes."""

    def __init__(self, repository: Repository) -> None:
        name = repository.name
        super().__init__(
            f"no credentials are known for {repository.shown}",
            hints=[
                f"make a token at the index, and run `chapbook config pypi-token.{name} TOKEN`",
                f"or set `CHAPBOOK_{find_key(f'pypi-token.{name}').variable}`, or give `-u` and `-p`",
            ],
        )


@frozen
class Told:
    """What the command says about credentials."""

    user: str | None
    password: Secret | None
    trusted: str
    is_dry: bool


def find_login(room: Room, settings: Settings, surroundings: Surroundings, told: Told) -> Login | None:
    """Return the login to publish with; nothing where a repository of one's own may want none.

    Raises NoCredentials where the public index would refuse, and TrustedPublishingFailed.
    """
    repository, keyring = room.repository, room.keyring
    user = told.user or configured_user(repository, settings)
    login = told_login(user, told.password)
    if login is None:
        configured = configured_login(repository, settings)
        login = configured if configured is None or told.user in {None, configured.user} else None
    if login is None and told.trusted != "never" and told.user is None and not told.is_dry:
        login = _by_trust(room, surroundings, is_asked=told.trusted == "always")
    if login is None and keyring is not None:
        login = kept_login(repository, user, keyring, keyring.password)
    if login is None and told.user is None:
        login = login_in_file(repository, surroundings.home)
    if login is None and surroundings.ask is not None and not told.is_dry:
        login = _asked(repository, user, surroundings.ask)
    if login is None and (repository.is_public or user is not None) and not told.is_dry:
        raise NoCredentials(repository)
    return login


def _by_trust(room: Room, surroundings: Surroundings, *, is_asked: bool) -> Login | None:
    repository = room.repository
    if not is_asked and not is_possible(surroundings.variables):
        return None
    try:
        login = trusted_login(repository, room.courier, surroundings.variables)
    except (IndexFailure, TrustedPublishingFailed) as problem:
        if is_asked:
            raise
        # There may be other credentials; where there are none, this is why.
        room.watcher.emit(Notice("warning", f"no trusted publishing: {problem.message}", problem.hints))
        return None
    if login is None and is_asked:
        raise TrustedPublishingFailed(
            f"{repository.shown} or the build service does not know trusted publishing",
            hints=["run it in a job that has an identity token, or publish with a token"],
        )
    return login


def _asked(repository: Repository, user: str | None, ask: Asker) -> Login | None:
    user = user or ask.ask(f"User name for {repository.shown}", TOKEN_USER)
    noun = "Token" if user == TOKEN_USER else f"Password of {user}"
    password = ask.ask_secret(f"{noun} for {repository.shown}")
    return Login(user, Secret(password), "your answers") if password else None
