"""The environment of a session's project: found, required, chosen for, made."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.interpreters import cache_folder, choose_interpreter
from chapbook_core.commands.likely_place import central_folder
from chapbook_core.environment.condition import (
    Absent,
    Broken,
    Condition,
    Foreign,
    Moved,
    Sound,
    look_at,
    require_removable,
    runs_this,
)
from chapbook_core.environment.place import VENV, place_of
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.project.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.maker import Recipe
    from chapbook_core.environment.place import Place
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.settings import Settings

_KEPT = "environments"
"""The folder in the cache for what is kept of those that were made."""
WITHOUT_ENVIRONMENT = "run `chapbook install` to make it, or choose its Python before: `chapbook env use 3.12`"
"""What somebody is told who has no environment."""


class NoEnvironment(ChapbookError):
    """The project has no environment yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the project has no environment: there is no `{path}`",
            hints=[WITHOUT_ENVIRONMENT],
        )


class EnvironmentUnusable(ChapbookError):
    """What stands where the environment belongs cannot be used as one."""

    def __init__(self, condition: Broken | Foreign | Moved, hint: str = "") -> None:
        match condition:
            case _ if hint:
                hints = [hint]
            case Broken(hint=hint) if hint:
                hints = [hint]
            case Moved(environment=environment):
                hints = [f"run `chapbook env use {environment.python_version}` to make it anew"]
            case Broken():
                hints = ["run `chapbook env use system` to make it anew, or name a version: `chapbook env use 3.12`"]
            case Foreign():
                hints = ["look into it, and move it away yourself if nobody needs it"]
        super().__init__(f"`{condition.path}` cannot be used as the environment: {condition.reason}", hints=hints)


class EnvironmentOfAnother(ChapbookError):
    """A change would go into the environment of another project, and take away what that needs."""

    def __init__(self, path: Path, owner: str) -> None:
        real = Path(os.path.realpath(path))
        way = f"`{path}` leads to `{real}`, which" if real != path else f"`{path}`"
        if path.is_symlink():
            hint = "remove the link and run the command again to give this project an environment of its own"
        else:
            hint = "deactivate it, or set `virtualenvs.create` to true, to give this project an environment of its own"
        super().__init__(
            f"{way} belongs to {owner}, and is not changed from here",
            hints=[hint, "or run the command in a terminal, which asks whether both may change it"],
        )


class EnvironmentIsOurs(ChapbookError):
    """A change would go into the environment that Chapbook itself runs from."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"Chapbook itself runs from `{path}`, and does not change the environment it runs from",
            hints=["install Chapbook in an environment of its own, outside of the project"],
        )


class KernelNeedsEnvironment(ChapbookError):
    """There is no virtual environment for the kernel of a project."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(
            "the kernel of a project runs in a virtual environment, and this project is installed into "
            f"`{environment.path}`, because `virtualenvs.create` is false",
            hints=[
                "run `chapbook config --local virtualenvs.create true` to give the project an environment of its own",
                f"or use the kernel of that Python: `{environment.python} -m ipykernel install --user`",
            ],
        )


def project_place(manifest: Manifest, settings: Settings) -> Place:
    """Return where the project's environments are."""
    central = None
    if not settings.flag("virtualenvs.in-project"):
        central = central_folder(settings)
    return place_of(manifest.folder, manifest.name, central)


def present_condition(session: Session) -> Condition:
    """Look at the environment that the project uses; nothing is run."""
    place = project_place(session.manifest, session.settings)
    condition = look_at(place.present(".".join(map(str, session.surroundings.python))))
    if isinstance(condition, Absent) and not session.settings.flag("virtualenvs.create"):
        # Hardly a project is without an environment of its own.
        from chapbook_core.commands.host import host_condition

        return host_condition(session)
    return condition


def require_environment(session: Session) -> Environment:
    """Return the environment for a program that runs in it; raises NoEnvironment and EnvironmentUnusable."""
    return _required(session, present_condition(session))


def _required(session: Session, condition: Condition) -> Environment:
    match condition:
        case Sound(environment=environment):
            return environment
        case Moved(environment=environment) as moved:
            hint = "run `chapbook install` to make it anew"
            if not moved.state.made_here:
                hint = f"run `chapbook env use {environment.python_version}` to make it anew"
            session.watcher.emit(Notice("warning", f"`{moved.path}` was moved: {moved.reason}", (hint,)))
            return environment
        case Absent(path=path):
            raise NoEnvironment(path)
        case Broken() | Foreign() as unusable:
            raise EnvironmentUnusable(unusable)


def require_virtual(session: Session) -> None:
    """Raise KernelNeedsEnvironment where the kernel of the project would be one of a Python that others share."""
    match present_condition(session):
        case Sound(environment=environment) if not environment.is_virtual:
            raise KernelNeedsEnvironment(environment)
        case _:
            pass


def ensure_environment(session: Session, condition: Condition) -> Environment:
    """Return the environment for a change of what is in it, made when there is none.

    `condition` is what `present_condition` has found. Nothing that is there is replaced: raises EnvironmentUnusable,
    EnvironmentIsOurs, InterpreterDoesNotFit, NoFittingInterpreter and EnvironmentNotMade.
    """
    if isinstance(condition, Absent):
        return make(session, choose_interpreter(session))
    if isinstance(condition, Moved):
        raise EnvironmentUnusable(condition)
    environment = _required(session, condition)
    if runs_this(environment.path):
        raise EnvironmentIsOurs(environment.path)
    require_fitting(session, environment)
    if not environment.is_virtual:
        from chapbook_core.commands.host import require_changeable  # as above

        require_changeable(session, environment)
    return environment


def require_fitting(session: Session, environment: Environment) -> None:
    """Raise EnvironmentUnusable for an environment of a Python that the project does not allow."""
    hint = "run `chapbook env use system` to make it anew with a Python that fits"
    if not session.settings.flag("virtualenvs.create"):
        hint = "activate an environment with a Python that fits, or set `virtualenvs.create` to true"
    if not session.manifest.python.allows(environment.version):
        raise EnvironmentUnusable(
            Broken(
                environment.path,
                f"it has Python {environment.version}, and the project allows `{session.manifest.python}`",
            ),
            hint,
        )


def is_shared(session: Session, environment: Environment) -> bool:
    """Tell whether other projects may be at home in an environment: one that is not in this project's place."""
    settings = session.settings
    return not settings.flag("virtualenvs.create") and environment.path not in (
        project_place(session.manifest, settings).existing()
    )


def claim_environment(session: Session, environment: Environment) -> None:
    """Make sure that the project may change an environment, and ask where that is another project's.

    Raises EnvironmentOfAnother.
    """
    manifest, path = session.manifest, environment.path
    if path == manifest.folder / VENV and not path.is_symlink():
        return
    from chapbook_core.environment.owner import note_user, other_owner  # most environments are where they belong

    owner = other_owner(path, manifest.folder, manifest.name)
    if owner is not None:
        ask = session.surroundings.ask
        question = f"`{path}` belongs to {owner}: may this project change it, too, and take out what that has put in?"
        if ask is None or not ask.confirm(question, default=False):
            raise EnvironmentOfAnother(path, owner)
    if owner is not None or path.is_symlink():
        # Where nothing can be noted, nothing can be put in either.
        with suppress(ChapbookError):
            note_user(path, manifest.folder)


@contextmanager
def made_ahead(session: Session, interpreter: Interpreter) -> Iterator[bool]:
    """Have begun meanwhile what `make` takes a while for; tell whether there is any such thing."""
    # As `make`.
    from chapbook_core.environment.virtualenv import made_ahead as begun

    settings = session.settings
    if not settings.flag("virtualenvs.create"):
        # What `make` has to say about it comes first.
        yield False
        return
    path = project_place(session.manifest, settings).path(interpreter.python_version)
    with begun(path, _recipe(session, interpreter), cache=cache_folder(session, _KEPT)) as is_begun:
        yield is_begun


def make(session: Session, interpreter: Interpreter) -> Environment:
    """Make the environment of an interpreter, in place of one that is there; that this was asked for is known.

    Raises NotToBeRemoved for what is no environment, or not the project's alone, and EnvironmentNotMade.
    """
    # Only commands that make one.
    from chapbook_core.environment.virtualenv import make_environment

    settings = session.settings
    if not settings.flag("virtualenvs.create"):
        origin = settings.get("virtualenvs.create").origin
        raise ChapbookError(
            f"no environment is made: `virtualenvs.create` is false, by {origin}",
            hints=["set it to true, or activate the environment that the project is to use"],
        )
    path = project_place(session.manifest, settings).path(interpreter.python_version)
    if not isinstance(look_at(path), Absent):
        require_removable(path, (session.surroundings.home, session.manifest.folder))
    return make_environment(path, _recipe(session, interpreter), cache=cache_folder(session, _KEPT))


def foresee_making(variables: Mapping[str, str], home: Path) -> None:
    """Have virtualenv at hand where the person of this home has made no environment yet.

    For whoever runs many commands, before the first. Raises ChapbookError and OSError.
    """
    # Later environments are written from what is kept of the first.
    from chapbook_core.environment.maker import MAKER
    from chapbook_core.environment.pristine import keeps_any

    folder = read_settings(None, variables=variables, home=home).text("cache-dir")
    if folder and not keeps_any(Path(folder).expanduser() / _KEPT):
        MAKER.come()


def _recipe(session: Session, interpreter: Interpreter) -> Recipe:
    from chapbook_core.environment.maker import Recipe  # as `make`

    settings = session.settings
    return Recipe(
        interpreter,
        _prompt(session, interpreter),
        always_copy=settings.flag("virtualenvs.options.always-copy"),
        system_site_packages=settings.flag("virtualenvs.options.system-site-packages"),
        pip=not settings.flag("virtualenvs.options.no-pip"),
    )


def _prompt(session: Session, interpreter: Interpreter) -> str:
    text = session.settings.text("virtualenvs.prompt") or ""
    name = session.manifest.name or session.manifest.folder.name
    try:
        return text.format(project_name=name, python_version=interpreter.python_version)
    except (LookupError, ValueError, AttributeError):
        raise ChapbookError(
            f"`virtualenvs.prompt` cannot be filled in: `{text}`",
            hints=["it may hold `{project_name}` and `{python_version}`"],
        ) from None
