"""Calls hooks of a build backend; runs by itself, as a script, in the Python of a build environment.

    python -I hook_runner.py REQUEST ANSWER

Both are JSON files. A request holds `backend`, `path` (folders to import it from) and `hook` with its `arguments`; an
answer holds the `result`, or `missing` when the backend has no such hook. The folder it runs in is the project's.
Standard input is a pipe that nobody writes to: its end is the end of whoever wants the answer, however that came.
This file alone goes to the other Python, so it uses nothing but the oldest standard library still in use.
"""

import json
import os
import signal
import sys
import threading
import traceback
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_OWN_FILES = (__file__, import_module.__code__.co_filename)
_IMPORTING = "<frozen importlib"


def main(request_file: str, answer_file: str) -> None:
    """Answer one request."""
    _end_with_parent()
    with open(request_file, encoding="utf-8") as file:  # noqa: PTH123  pathlib would only cost time
        request = json.load(file)
    path = [os.path.abspath(folder) for folder in request["path"]]  # noqa: PTH100  likewise
    sys.path[:0] = path
    module, _, attributes = request["backend"].partition(":")
    backend = import_module(module)
    if path and not _is_below(getattr(backend, "__file__", None) or "", path):
        sys.exit("the backend {!r} is not in the folders of backend-path".format(request["backend"]))
    for attribute in attributes.split(".") if attributes else ():
        backend = getattr(backend, attribute)
    hook = getattr(backend, request["hook"], None)
    answer = {"missing": True} if hook is None else {"result": hook(*request["arguments"])}
    with open(answer_file, "w", encoding="utf-8") as file:  # noqa: PTH123  likewise
        json.dump(answer, file)


def _end_with_parent() -> None:
    """End this process, and all that a backend has started, when nobody waits for them any more."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        os.read(pipe, 1)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _tell(kind: "type[BaseException]", error: BaseException, trace: "TracebackType | None") -> None:
    """Tell an error from where the code of the backend begins; what called it is nothing that its people can mend."""
    while trace is not None and _is_own(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)


def _is_own(file: str) -> bool:
    return file in _OWN_FILES or file.startswith(_IMPORTING)


def _is_below(file: str, folders: "list[str]") -> bool:
    return any(os.path.abspath(file).startswith(folder + os.sep) for folder in folders)  # noqa: PTH100  likewise


if __name__ == "__main__":
    sys.excepthook = _tell
    main(*sys.argv[1:])
