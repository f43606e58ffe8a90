"""Addresses by which another process asks and changes an index: `/-/counts`, `/-/reset`, `/-/set?latency-ms=20`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from tests.fakes.index.dialect import DIALECTS
from tests.fakes.index.message import Reply, plain

if TYPE_CHECKING:
    from tests.fakes.index.counts import Counts
    from tests.fakes.index.habits import Habits
    from tests.fakes.index.message import Request

PREFIX = "/-/"


def control(request: Request, counts: Counts, habits: Habits) -> Reply:
    """Do what the address says, and return the counts."""
    match request.path.removeprefix(PREFIX):
        case "counts":
            told = counts.counter
        case "reset":
            told = counts.counter
            counts.reset()
        case "set":
            told = counts.counter
            mistake = _set(habits, dict(parse_qsl(request.query)))
            if mistake:
                return plain(400, mistake)
        case _:
            return plain(404, "counts, reset or set\n")
    return Reply(200, json.dumps(told).encode(), {"Content-Type": "application/json"})


def _set(habits: Habits, values: dict[str, str]) -> str:
    for key, value in values.items():
        match key:
            case "latency-ms":
                habits.latency = float(value) / 1000
            case "max-age":
                habits.max_age = int(value)
            case "dialect" if value in DIALECTS:
                habits.dialect = value
            case _:
                return f"unknown: {key}={value}\n"
    return ""
