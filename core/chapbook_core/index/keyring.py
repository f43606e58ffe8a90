"""The system's keyring, asked in a child process that is given five seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.index.address import Login, masked, split_login
from chapbook_core.project.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.events import Watcher

PATIENCE = 5.0

# Runs in the child: backends block on locked stores, ask in windows, and print; here that harms nobody.
_PROGRAM = """
import json, sys
try:
    import keyring
except ImportError:
    sys.exit(3)
url, host = sys.argv[1:]
found = keyring.get_credential(url, None) or keyring.get_credential(host, None)
if found is not None:
    json.dump({"username": found.username, "password": found.password}, sys.stdout)
"""


class Keyring:
    """Asks the `keyring` beside our own Python, else the program on the path."""

    def __init__(
        self,
        variables: Mapping[str, str],
        watcher: Watcher,
        *,
        patience: float = PATIENCE,
        program: Sequence[str] | None = None,
    ) -> None:
        self._variables = dict(variables)
        self._watcher = watcher
        self._patience = patience
        self._program = program
        self._hopeless = False

    def __call__(self, url: str) -> Login | None:
        """Give the login kept for a URL or its host; after one failure to answer it is not asked again."""
        if self._hopeless:
            return None
        bare, _login = split_login(url)
        host = bare.split("/")[2]
        ways = [self._program] if self._program else _ways()
        for way in ways:
            try:
                output = self._run([*way, bare, host])
            except subprocess.TimeoutExpired:
                self._hopeless = True
                text = f"the keyring did not answer within {self._patience:.0f} s; going on without it"
                hint = "give the credentials with `chapbook config http-basic.<source> USER`"
                self._watcher.emit(Notice("warning", text, (hint,)))
                return None
            except OSError:
                continue
            if (login := _read(output)) is not None:
                return login
        self._watcher.emit(Notice("debug", f"the keyring knows nothing about {masked(bare)}"))
        return None

    def _run(self, words: Sequence[str]) -> str:
        child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._variables,
            start_new_session=True,
            text=True,
        )
        try:
            output, _ = child.communicate(timeout=self._patience)
        except BaseException:
            _end(child)
            raise
        return output if child.returncode == 0 else ""


def _ways() -> list[Sequence[str]]:
    return [
        [sys.executable, "-I", "-c", _PROGRAM],
        ["keyring", "--mode", "creds", "--output", "json", "get"],
    ]


def _end(child: subprocess.Popen[str]) -> None:
    """End the child with all it started; a backend may have opened a helper."""
    try:
        os.killpg(child.pid, 9) if hasattr(os, "killpg") else child.kill()
    except OSError:
        child.kill()
    child.communicate()


def _read(output: str) -> Login | None:
    try:
        found = json.loads(output)
        return Login(str(found["username"] or ""), Secret(str(found["password"])), "the keyring")
    except (ValueError, KeyError, TypeError):
        return None
