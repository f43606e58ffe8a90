"""Replies: what a command came to, as data, text and HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.html import write_html
from chapbook_core.commands.json_text import json_text, kind_of, traceback_of
from chapbook_core.commands.report import Message, Verbatim, report_error
from chapbook_core.commands.text import write_text
from chapbook_core.commands.unforeseen import Bug, understood
from chapbook_core.engine.messages import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.report import Block, Data, Result
    from chapbook_core.commands.text import Writing

_SHOW_TRACEBACK = 3


def outcome_of(
    result: Result,
    writing: Writing,
    *,
    command: str = "",
    quiet: bool = False,
    as_json: bool = False,
    environment_changed: bool = False,
    project: str | None = None,
) -> Outcome:
    """Tell a result; `quiet` leaves nothing but errors of what is read, and `as_json` shows the data instead."""
    blocks: Sequence[Block] = result.report()
    if quiet:
        blocks = [block for block in blocks if isinstance(block, Message) and block.level == "error"]
    elif as_json:
        blocks = [Verbatim(json_text(result), "json")]
    return Outcome(
        exit_status=result.exit_status,
        command=command,
        data=result.data(),
        text=presentable(write_text(blocks, writing)),
        html=write_html(blocks, writing),
        environment_changed=environment_changed,
        project=project,
    )


def failure_of(error: BaseException, writing: Writing) -> Failure:
    """Tell an error, whatever it is; where a bug happened stands in the data."""
    is_located = writing.verbosity >= _SHOW_TRACEBACK
    told = (
        understood(error, is_located=is_located) if isinstance(error, Exception) else Bug(error, is_located=is_located)
    )
    where = presentable(traceback_of(told, error, is_located=is_located))
    blocks: list[Block] = list(report_error(told))
    if is_located:
        blocks.append(Verbatim(where))
    data: Data = {"traceback": where} if where else None
    return Failure(
        kind=kind_of(told),
        message=presentable(told.message),
        hints=tuple(map(presentable, told.hints)),
        exit_status=told.exit_status,
        text=presentable(write_text(blocks, writing)),
        html=write_html(blocks, writing),
        data=data,
    )


def presentable(text: str) -> str:
    """Return a text that every encoding of Unicode can hold; names of files may be no text at all."""
    return text.encode("utf-8", "backslashreplace").decode()
