"""Connections that are kept."""

from __future__ import annotations

import socket

from tests.fakes.index import FakeIndex
from tests.fakes.opened import opened


def test_connections_are_kept_and_bounded() -> None:
    with FakeIndex(latency=0.005) as index:
        for number in range(40):
            index.serve(f"p{number}", "1.0")
        with opened(index) as open_index:
            for future in [open_index.reader.want_versions(f"p{number}") for number in range(40)]:
                future.result()
        assert index.traffic.connections <= 8


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_in_silence() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        with opened(index) as open_index:
            open_index.client.get(f"{index.url}a/")
            for idle in open_index.client._transport._idle.values():  # type: ignore[attr-defined]  # the real one
                idle[0]._socket.shutdown(socket.SHUT_RDWR)
            assert open_index.client.get(f"{index.url}a/").status == 200
