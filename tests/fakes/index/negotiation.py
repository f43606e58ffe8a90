"""Which form of a page a client prefers."""

from __future__ import annotations

from urllib.parse import parse_qs

from tests.fakes.index.pages import HTML, JSON, PLAIN_HTML

_SPELLINGS = {
    JSON: JSON,
    HTML: HTML,
    PLAIN_HTML: PLAIN_HTML,
    "application/vnd.pypi.simple.latest+json": JSON,
    "application/vnd.pypi.simple.latest+html": HTML,
    "text/*": PLAIN_HTML,
    "*/*": PLAIN_HTML,
}


def preferred(accept: str, query: str = "") -> str | None:
    """Return the content type to answer with; nothing when the client takes none of ours."""
    if query:
        wanted = parse_qs(query).get("format")
        if wanted:
            return _SPELLINGS.get(wanted[0])
    best: tuple[float, str] | None = None
    for choice in (accept or "*/*").split(","):
        name, _, parameters = choice.partition(";")
        form = _SPELLINGS.get(name.strip().lower())
        quality = _quality(parameters)
        if form is not None and quality > 0 and (best is None or quality > best[0]):
            best = quality, form
    return best[1] if best else None


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
