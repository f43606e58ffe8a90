"""How fast the fake index answers, and what an answer costs it: `python -m tests.bench.fake_index`.

The index runs in a process of its own; the client is a bare event loop that reads whole answers and parses nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.index.generated import package_name
from tests.fakes.index.separate import SeparateIndex, separate_index

_JSON = "application/vnd.pypi.simple.v1+json"
_PACKAGES = 300


@dataclass(frozen=True, slots=True)
class Round:
    """One row of the table."""

    label: str
    paths: list[str]
    connections: int
    headers: str = f"Accept: {_JSON}\r\nAccept-Encoding: gzip\r\n"
    latency: float = 0.0


class Client(asyncio.Protocol):
    """Takes paths from a shared list until there are none, one after the other on one connection."""

    def __init__(self, paths: list[str], headers: str, done: asyncio.Future[None]) -> None:
        self._paths = paths
        self._headers = headers
        self._done = done
        self._buffer = bytearray()
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        start = buffer.find(b"Content-Length: ", 0, end)
        length = int(buffer[start + 16 : buffer.find(b"\r\n", start)]) if start >= 0 else 0
        if len(buffer) < end + 4 + length:
            return
        self.received += len(buffer)
        buffer.clear()
        self._ask()

    def _ask(self) -> None:
        if self._paths:
            request = f"GET {self._paths.pop()} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._headers}\r\n"
            self._transport.write(request.encode())
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()


async def _ask_all(one: Round, port: int) -> int:
    loop = asyncio.get_running_loop()
    paths = list(one.paths)
    waiting, clients = [], []
    for _ in range(one.connections):
        done: asyncio.Future[None] = loop.create_future()
        client = Client(paths, one.headers, done)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]  # a default
        waiting.append(done)
        clients.append(client)
    await asyncio.gather(*waiting)
    return sum(client.received for client in clients)


def _processor_seconds(process: int) -> float:
    """Return what all threads of a process have used; clock ticks would be too coarse."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def _measure(one: Round, index: SeparateIndex) -> str:
    index.change(latency_ms=one.latency * 1000)
    port = urlsplit(index.url).port or 0
    before, begin = _processor_seconds(index.process), time.perf_counter()
    received = asyncio.run(_ask_all(one, port))
    wall, spent = time.perf_counter() - begin, _processor_seconds(index.process) - before
    number = len(one.paths)
    return (
        f"{one.label:<42}{one.connections:>5}{number:>8}{wall * 1000:>9.0f}{number / wall:>9.0f}"
        f"{spent / number * 1e6:>9.0f}{received / wall / 1e6:>8.1f}\n"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    number = parser.parse_args().requests
    pages = [f"/simple/{package_name(place)}/" for place in range(_PACKAGES)]
    smallest = f"/simple/{package_name(_PACKAGES - 1)}/"
    rounds = [
        Round("one page again and again", [smallest] * number, 1),
        Round("one page again and again", [smallest] * number, 16),
        Round("one page again and again", [smallest] * number, 50),
        Round(f"{_PACKAGES} pages in turn, gzip", (pages * (number // _PACKAGES))[:number], 16),
        Round(
            f"{_PACKAGES} pages in turn, plain", (pages * (number // _PACKAGES))[:number], 16, f"Accept: {_JSON}\r\n"
        ),
        Round(f"{_PACKAGES} pages once", pages, 16),
        Round(f"{_PACKAGES} pages once, 20 ms latency", pages, 16, latency=0.02),
        Round(f"{_PACKAGES} pages once, 20 ms latency", pages, 50, latency=0.02),
    ]
    begin = time.perf_counter()
    with separate_index("--generated", str(_PACKAGES), "--warm") as index:
        sys.stdout.write(f"start and make {_PACKAGES} pages: {time.perf_counter() - begin:.2f} s\n")
        sys.stdout.write(f"{'':<42}{'conn':>5}{'asked':>8}{'ms':>9}{'/s':>9}{'us CPU':>9}{'MB/s':>8}\n")
        for one in rounds:
            sys.stdout.write(_measure(one, index))
    begin = time.perf_counter()
    with separate_index("--generated", "10000"):
        sys.stdout.write(f"start with 10,000 packages, none made: {time.perf_counter() - begin:.2f} s\n")


if __name__ == "__main__":
    main()
