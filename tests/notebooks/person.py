"""A person with a browser, as a program: `BROWSER="python person.py RESULT %s"` and then `chapbook lab`.

Opens what Jupyter opens, starts the notebook's kernel as JupyterLab does, runs each cell, and stops the server. What
came of it is written to RESULT as JSON. Needs websocket-client, which comes with jupyter-server.
"""

from __future__ import annotations

import json
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

import websocket

_PATIENCE = 300
"""Seconds for one answer; a first cell may install packages."""


class Person:
    """Speaks with one server."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.base = f"{parts.scheme}://{parts.netloc}"
        self.token = parse_qs(parts.query).get("token", [""])[0]
        _, _, path = parts.path.partition("/lab/tree/")
        self.path = unquote(path)
        self._page = address

    def open_page(self) -> str:
        """Load the page that the browser shows first."""
        with urlopen(self._page, timeout=_PATIENCE) as answer:
            text: str = answer.read().decode()
        return text

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's API."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = Request(f"{self.base}{path}", content, headers, method=method)
        with urlopen(request, timeout=_PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def run_notebook(self) -> dict[str, Any]:
        """Run every cell, and return what was seen."""
        listed = self.ask("GET", "/api/kernelspecs")
        notebook = self.ask("GET", f"/api/contents/{self.path}")["content"]
        kernel = notebook["metadata"]["kernelspec"]["name"]
        wanted = {"path": self.path, "type": "notebook", "name": self.path, "kernel": {"name": kernel}}
        session = self.ask("POST", "/api/sessions", wanted)
        channels = f"{self.base.replace('http', 'ws', 1)}/api/kernels/{session['kernel']['id']}/channels"
        socket = websocket.create_connection(f"{channels}?token={self.token}", timeout=_PATIENCE)
        try:
            cells = [self._run(socket, "".join(cell["source"])) for cell in _code_cells(notebook)]
            prefix = self._run(socket, "import sys; print(sys.prefix)")["text"].strip()
        finally:
            socket.close()
        self.ask("DELETE", f"/api/sessions/{session['id']}")
        names = {name: spec["spec"]["display_name"] for name, spec in listed["kernelspecs"].items()}
        return {"default": listed["default"], "kernels": names, "kernel": kernel, "cells": cells, "prefix": prefix}

    def _run(self, socket: websocket.WebSocket, source: str) -> dict[str, Any]:
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "person"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        socket.send(json.dumps(message))
        began = time.monotonic()
        seen: dict[str, Any] = {"text": "", "types": [], "error": ""}
        while True:
            said = json.loads(socket.recv())
            if said["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            match said["msg_type"], said["content"]:
                case "stream", {"text": text}:
                    seen["text"] += text
                case "display_data" | "execute_result" | "update_display_data", {"data": data}:
                    seen["types"] += list(data)
                    seen["text"] += str(data.get("text/plain", ""))
                case "error", {"ename": name, "evalue": value}:
                    seen["error"] = f"{name}: {value}"
                case "status", {"execution_state": "idle"}:
                    return {**seen, "seconds": round(time.monotonic() - began, 1)}
                case _:
                    pass


def _code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _address(told: str) -> str:
    """Return where the page that Jupyter writes for the browser leads, so that no token is in a list of processes."""
    if not told.startswith("file:"):
        return told
    page = Path(unquote(urlsplit(told).path)).read_text(encoding="utf-8")
    found = re.search(r'url=([^"]+)"', page)
    if found is None:
        raise SystemExit(f"{told} leads nowhere")
    return found[1].replace("&amp;", "&")


def main(result: str, told: str) -> None:
    """Do it, and stop the server whatever happens."""
    began = time.monotonic()
    person = Person(_address(told))
    seen: dict[str, Any] = {"path": person.path}
    try:
        seen["is_lab"] = "JupyterLab" in person.open_page()
        seen |= person.run_notebook()
    except Exception as error:
        seen["failure"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        seen["seconds"] = round(time.monotonic() - began, 1)
        Path(result).write_text(json.dumps(seen, indent=1), encoding="utf-8")
        person.ask("POST", "/api/shutdown")


if __name__ == "__main__":
    main(*sys.argv[1:])
