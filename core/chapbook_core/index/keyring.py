"""The system's keyring, asked in a child process that is given five seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.index.address import Login, masked, split_login
from chapbook_core.process_group import kill_group
from chapbook_core.project.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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

# Likewise, for one who knows the user: a password, which may hold anything but a line's end.
_PROGRAM_BY_NAME = """
import sys
try:
    import keyring
except ImportError:
    sys.exit(3)
found = keyring.get_password(*sys.argv[1:])
if found is None:
    sys.exit(1)
print(found)
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
        login = next((login for output in self._answers(ways, bare, host) if (login := _read(output))), None)
        if login is None and not self._hopeless:
            self._watcher.emit(Notice("debug", f"the keyring knows nothing about {masked(bare)}"))
        return login

    def password(self, service: str, user: str) -> Secret | None:
        """Give the password of a user kept under the name of a service."""
        if self._hopeless:
            return None
        ways = [self._program] if self._program else _password_ways()
        outputs = (output.rstrip("\r\n") for output in self._answers(ways, service, user))
        return next((Secret(text) for text in outputs if text), None)

    def _answers(self, ways: Sequence[Sequence[str]], *words: str) -> Iterator[str]:
        """Yield what each way of asking brings; none after one that took too long."""
        for way in ways:
            try:
                yield self._run([*way, *words])
            except subprocess.TimeoutExpired:
                self._hopeless = True
                text = f"the keyring did not answer within {self._patience:.0f} s; going on without it"
                hint = "give the credentials with `chapbook config http-basic.<source> USER`"
                self._watcher.emit(Notice("warning", text, (hint,)))
                return
            except OSError:
                continue

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


def _password_ways() -> list[Sequence[str]]:
    return [[sys.executable, "-I", "-c", _PROGRAM_BY_NAME], ["keyring", "get"]]


def _end(child: subprocess.Popen[str]) -> None:
    """End the child with all it started; a backend may have opened a helper."""
    kill_group(child)
    child.communicate()


def _read(output: str) -> Login | None:
    try:
        found = json.loads(output)
        return Login(str(found["username"] or ""), Secret(str(found["password"])), "the keyring")
    except (ValueError, KeyError, TypeError):
        return None
