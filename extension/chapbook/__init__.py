"""The front door for IPython: `%load_ext chapbook`, which imports next to nothing before it is used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from IPython.core.interactiveshell import InteractiveShell

_NAME = "poetry"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by IPython for `%load_ext chapbook`, and for the first `%poetry` where the magic is declared lazily."""
    begin(shell, is_asked_for=not _is_running_magic(shell))


def begin(shell: InteractiveShell, *, is_asked_for: bool = False) -> None:
    """Make everything known, and have the engine start; called too by the first `%poetry` in the kernel of a project.

    Who asks for Chapbook by hand is told what that person may not expect.
    """
    register(shell)
    # Half a millisecond; the engine then starts while the person types.
    from chapbook.magics.welcome import welcome

    welcome(shell, is_asked_for=is_asked_for)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Called by IPython for `%unload_ext chapbook`."""
    for known in shell.magics_manager.magics.values():
        known.pop(_NAME, None)
    # Loaded already when anything was used.
    from chapbook.magics import completion, connection, missing

    completion.unregister(shell)
    missing.unregister(shell)
    connection.end()


def register(shell: InteractiveShell) -> None:
    """Make `%poetry`, `%%poetry` and their completion known; for kernels that are to have them from their start."""
    shell.magics_manager.register_function(poetry, magic_kind="line_cell", magic_name=_NAME)
    # A few lines each; what completes, or looks for a module, is imported when somebody presses Tab, or misses one.
    from chapbook.magics import completion, missing

    completion.register(shell)
    missing.register(shell)


def poetry(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
    """Run commands of Chapbook on the project of this notebook.

        %poetry                       the project at a glance
        %poetry add pandas            require a package, lock it, install it
        %poetry remove pandas         the way back
        %poetry update                newer versions, as far as pyproject.toml allows
        %poetry why numpy             who needs it, and what holds it back
        %poetry lock / install / show / check / build / publish ...
        %poetry list                  all commands
        %poetry add --help            everything about one

    Several commands, one a line; the first that fails ends it:

        %%poetry
        add numpy "pandas>=2"         # comments are welcome
        add --group dev pytest

    `$name` and `{expression}` stand for values of Python; a list stands for as many words. No shell is involved:
    nothing else has a meaning but quotes and backslashes.

    `result = %poetry add pandas` keeps what was done: `result.added`, `result.removed`, `result.changed`,
    `result.lock`, `result.data`. A command that fails raises `CommandFailed`, so that the cells below it do not run.
    """
    # The front door costs a kernel nothing until somebody knocks.
    from chapbook.magics.line import run

    return run(line, cell, local_ns or {})


# What IPython's decorators `needs_local_scope` and `no_var_expand` set: variables are put in where they stand, because
# a password that was typed is told from one that a variable holds.
poetry.needs_local_scope = True  # type: ignore[attr-defined]
poetry._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # noqa: SLF001


def _is_running_magic(shell: InteractiveShell) -> bool:
    """Tell whether a lazily declared `%poetry` brought us here, and not `%load_ext`."""
    return _NAME in getattr(shell.magics_manager, "lazy_magics", {})
