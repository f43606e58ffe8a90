"""The few sentences that the magic itself says, as HTML that looks like the engine's."""

from __future__ import annotations

import re
from html import escape

_QUOTED = re.compile(r"`([^`\n]+)`")
PAGE = (
    "font-family:var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif));"
    "font-size:var(--jp-ui-font-size1,13px);line-height:1.5;text-align:left"
)
_CODE = (
    "font-family:var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,Menlo,Consolas,monospace));"
    "font-size:.95em;background:var(--jp-layout-color2,rgba(127,127,127,.13));color:inherit;padding:0 3px;"
    "border-radius:3px"
)
_COLOURS = {
    "warning": "var(--jp-warn-color1,var(--vscode-charts-orange,#b26a00))",
    "note": "var(--jp-content-link-color,var(--vscode-charts-blue,#1e88e5))",
}


def inline(text: str) -> str:
    """Escape a text; what stands in backticks becomes code."""
    return _QUOTED.sub(f'<code style="{_CODE}">\\1</code>', escape(text))


def paragraph(text: str) -> str:
    """Return a sentence below a result."""
    return f'<div style="{PAGE};margin-top:3px">{inline(text)}</div>'


def notice(level: str, text: str, hint: str = "") -> str:
    """Return a warning or a note with what to do about it."""
    colour = _COLOURS[level]
    lines = [f'<span style="font-weight:600;color:{colour}">{level.capitalize()}</span>: {inline(text)}']
    lines += [f'<span style="opacity:.7">hint:</span> {inline(hint)}'] if hint else []
    inside = "".join(f"<div>{line}</div>" for line in lines)
    return f'<div style="{PAGE};border-left:3px solid {colour};padding:1px 0 1px 10px;margin:3px 0">{inside}</div>'


def progress(label: str, note: str, share: float | None) -> str:
    """Return one line that says how far something is; nothing of it is ever saved."""
    bar = ""
    if share is not None:
        bar = (
            '<span style="display:inline-block;width:8em;height:.5em;margin-right:.7em;vertical-align:middle;'
            'border-radius:.25em;background:rgba(128,128,128,.25);overflow:hidden">'
            f'<span style="display:block;height:100%;width:{share:.0%};border-radius:.25em;'
            'background:currentColor;opacity:.55"></span></span>'
        )
    return f'<div style="{PAGE}">{bar}{escape(label)} <span style="opacity:.65">{escape(note)}</span></div>'
