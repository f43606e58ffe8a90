"""An engine that speaks the protocol and does what the words of a command tell it, for tests of what asks it.

ok [TEXT]          ends well
add NAME VERSION   ends as `add` does
fail [TEXT]        ends with an error
bad                ends well, but with a status
slow SECONDS       reports progress before it ends; can be cancelled
notice             says something first
print              a program writes first
ask KIND           puts a question, and says what the answer was
echo WORDS         says which words it got, as JSON
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from html import escape

CANCELLED = threading.Event()
ANSWERS: dict[str, object] = {}
ANSWERED = threading.Event()


def send(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def result(text: str, data: object = None, **more: object) -> dict[str, object]:
    html = f"<p>{escape(text)}</p>" if text else ""
    told = {"exit_status": 0, "command": "", "data": data, "text": f"{text}\n" if text else "", "html": html}
    return {"result": {**told, "environment_changed": False, "project": None, **more}}


def error(kind: str, message: str, status: int = 1) -> dict[str, object]:
    told = {"kind": kind, "message": message, "hints": [], "exit_status": status, "data": None}
    return {"error": {**told, "text": f"error: {message}\n", "html": f"<p>error: {escape(message)}</p>"}}


def perform(identity: int, words: list[str], params: dict[str, object]) -> dict[str, object]:  # noqa: C901, PLR0911  # a list of what it can do
    match [word for word in words if word != "-q"]:
        case ["ok", *rest]:
            return result(" ".join(rest))
        case ["add", name, version]:
            change = {"kind": "add", "name": name, "before": "", "after": version, "note": ""}
            data = {"changes": [change], "written": {"lock_file": True, "packages": 1}}
            return result(f"added {name}", {**data, "applied": {"environment": "/elsewhere/.venv"}}, command="add")
        case ["fail", *rest]:
            return error("NoSolution", " ".join(rest) or "it cannot be")
        case ["bad"]:
            return result("something is wrong", exit_status=3)
        case ["slow", seconds]:
            return slow(identity, float(seconds))
        case ["notice"]:
            send({"id": identity, "event": "notice", "level": "warning", "text": "warning: hm\n", "html": "<p>hm</p>"})
            return result("said")
        case ["print"]:
            send({"id": identity, "event": "output", "stream": "stdout", "text": "from a program\n"})
            return result("")
        case ["ask", kind, *more]:
            if more:
                notice = {"event": "notice", "level": "info", "text": "think\n", "html": "<p>think</p>"}
                send({"id": identity, **notice})
            send({"id": identity, "event": "question", "question": 1, "kind": kind, "text": "what", "default": ""})
            ANSWERED.wait(10)
            return result(f"answer: {ANSWERS.get('value')}")
        case ["params"]:
            return result("", params)
        case _:
            return result(json.dumps(words), words)


def slow(identity: int, seconds: float) -> dict[str, object]:
    end = time.monotonic() + seconds
    total = 20
    for done in range(total):
        if CANCELLED.wait(max(0, end - time.monotonic()) / (total - done)):
            return error("Cancelled", "cancelled; nothing was changed", 130)
        progress = {"task": "download", "label": "Downloading <b>", "done": done, "total": total, "note": "numpy"}
        send({"id": identity, "event": "progress", **progress})
    return result("slowly done")


def handle(request: dict[str, object]) -> None:
    identity, params = request["id"], request.get("params", {})
    assert isinstance(identity, int)
    assert isinstance(params, dict)
    if request["method"] == "status":
        reply = result("at a glance")
    elif request["method"] == "complete":
        line, start = params["line"], params["line"].rfind(" ") + 1
        known = ["add", "remove", "--group", "pandas", "pandas==2.1", "pandas==2.2"]
        reply = {"result": {"matches": [word for word in known if word.startswith(line[start:])], "start": start}}
    else:
        reply = perform(identity, params["argv"], params)
    send({"id": identity, **reply})


def main() -> None:
    if "STALLED" in os.environ:
        time.sleep(30)
    send({"event": "hello", "protocol": 1, "version": "0", "pid": os.getpid()})
    for line in sys.stdin:
        request = json.loads(line)
        if request["method"] == "cancel":
            CANCELLED.set()
        elif request["method"] == "answer":
            ANSWERS["value"] = request["params"]["value"]
            ANSWERED.set()
        elif request["method"] == "end":
            break
        else:
            CANCELLED.clear()
            threading.Thread(target=handle, args=(request,), daemon=True).start()


if __name__ == "__main__":
    main()
