"""Ports that no earlier index of this process had.

A cache that outlives an index takes the next one at the same address for the same index, and its pages for fresh. Asked
for any port, a system soon gives one that it gave before: Linux chooses among seven thousand.
"""

from __future__ import annotations

import secrets
import socket
from itertools import count

_FIRST, _LAST = 20_000, 32_767
"""Below what systems give to whoever asks for any port: no kernel and no connection of ours gets one of these."""
_numbers = count(secrets.randbelow(_LAST - _FIRST + 1))
"""Several processes begin at different ports, to get out of each other's way."""


def listen_anew(host: str, backlog: int) -> socket.socket:
    """Listen at a port at which no earlier index of this process listened, unless there were thousands."""
    # Twice round: somebody may be everywhere for a moment.
    for _ in range(2 * (_LAST - _FIRST + 1)):
        listening = socket.socket()
        try:
            listening.bind((host, _FIRST + next(_numbers) % (_LAST - _FIRST + 1)))
            listening.listen(backlog)
        except OSError:
            # Somebody else is there, or was a minute ago.
            listening.close()
        else:
            return listening
    raise OSError(f"no port is free between {_FIRST} and {_LAST}")
