"""What a kernelspec's `argv` runs where nobody asks a provisioner, as in VS Code; it becomes the project's kernel.

    python -m chapbook_kernelspec.ipykernel_launcher -f CONNECTION_FILE

VS Code takes a module with `ipykernel` in its name for a kernel that it can debug.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from chapbook_kernelspec.launching import kernel_command, repair_command
from chapbook_kernelspec.preparing import Preparation
from chapbook_kernelspec.readiness import Ready, Refused, Unprepared, look
from chapbook_kernelspec.variables import kernel_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FILE_OPTIONS = ("-f", "--f", "--IPKernelApp.connection_file")


def launch(words: Sequence[str]) -> NoReturn:
    """Prepare the project if need be, and become its kernel."""
    variables = dict(os.environ)
    readiness = look(variables, Path.cwd(), Path.home())
    if isinstance(readiness, Unprepared):
        preparation = Preparation(readiness.belonging, variables, _tell)
        try:
            readiness = preparation.wait()
        except KeyboardInterrupt:
            preparation.stop()
            raise SystemExit(130) from None
    connection_file, others = _connection_file(words)
    match readiness:
        case Ready(start=start):
            _become([*kernel_command(start, connection_file), *others], kernel_variables(start, variables))
        case Refused() as refused:
            _tell(refused.reason)
            _become([*repair_command(refused, connection_file), *others], variables)


def _connection_file(words: Sequence[str]) -> tuple[str, list[str]]:
    """Take the connection file out of the words, however it is given."""
    others = list(words)
    for place, word in enumerate(others):
        option, equals, value = word.partition("=")
        if option in _FILE_OPTIONS:
            if equals:
                return value, others[:place] + others[place + 1 :]
            if place + 1 < len(others):
                return others[place + 1], others[:place] + others[place + 2 :]
    raise SystemExit("usage: python -m chapbook_kernelspec.ipykernel_launcher -f CONNECTION_FILE")


def _become(command: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], list(command), dict(variables))  # noqa: S606  no shell is what is wanted
    # There is no becoming on Windows. What ends and interrupts the kernel are handles that it inherits.
    with subprocess.Popen(list(command), env=dict(variables), close_fds=False) as child:  # noqa: S603  no shell
        raise SystemExit(child.wait())


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    launch(sys.argv[1:])
