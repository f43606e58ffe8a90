"""`python -m chapbook_core.engine`."""

from __future__ import annotations

import os
import sys


def main(words: list[str]) -> int:
    """Serve whoever has started this process, until that one goes; return the status to exit with."""
    from chapbook_core.commands.own_version import own_version
    from chapbook_core.engine.engine import Engine, protect_streams
    from chapbook_core.engine.life import IDLE, Life
    from chapbook_core.engine.messages import Hello
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.serving import serve

    inlet, outlet = protect_streams()
    life = Life(float(words[1]) if words[:1] == ["--idle"] else IDLE)
    outbox = Outbox(outlet, life.finish)
    outbox.start()
    version = own_version()
    outbox.put(Hello(version, os.getpid()))
    return serve(Engine(outbox, life, version=version), life, inlet)


if __name__ == "__main__":
    # Everything that matters is closed by now; taking the interpreter down in good order would only take time.
    os._exit(main(sys.argv[1:]))
