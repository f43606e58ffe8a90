"""Long descriptions: whether an index will be able to show one."""

from __future__ import annotations

import io
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPES = ("text/plain", "text/markdown", "text/x-rst")
_VARIANTS = ("GFM", "CommonMark")
_RST = "text/x-rst"
"""Also what an index takes a description for that does not say what it is."""
_LONGEST = 300


@frozen
class Rendering:
    """What came of trying to show a description."""

    mistake: str = ""
    was_tried: bool = True
    """False when the package that would show it is not installed; then only what is declared was looked at."""


def try_rendering(text: str, content_type: str) -> Rendering:
    """Show a description as an index does, with `readme_renderer` where it is installed."""
    kind, parameters = _read(content_type or _RST)
    if kind not in _TYPES:
        return Rendering(f"nobody knows how to show a description of the type `{content_type}`")
    if parameters.get("charset", "UTF-8").upper() != "UTF-8":
        return Rendering(f"the description has to be UTF-8, not `{parameters['charset']}`")
    if kind == "text/markdown" and parameters.get("variant", "GFM") not in _VARIANTS:
        return Rendering(
            f"there is no variant `{parameters['variant']}` of Markdown: write one of {', '.join(_VARIANTS)}"
        )
    match kind:
        case "text/x-rst":
            return _rst(text)
        case "text/markdown":
            return _markdown(text, parameters.get("variant", "GFM"))
        case _:
            return Rendering()


def _rst(text: str) -> Rendering:
    render = _renderer("readme_renderer.rst")
    if render is None:
        return Rendering(was_tried=False)
    told = io.StringIO()
    if render(text, stream=told) is not None:
        return Rendering()
    first = " ".join(told.getvalue().split())[:_LONGEST]
    return Rendering(f"the description is no valid reStructuredText: {first or 'nobody says where'}")


def _markdown(text: str, variant: str) -> Rendering:
    render = _renderer("readme_renderer.markdown")
    # Without its own extra the package returns nothing, whatever the text is.
    if render is None or _renderer("cmarkgfm", "github_flavored_markdown_to_html") is None:
        return Rendering(was_tried=False)
    return Rendering() if render(text, variant=variant) is not None else Rendering("the description is no Markdown")


def _renderer(module: str, name: str = "render") -> Callable[..., str | None] | None:
    try:
        with warnings.catch_warnings():
            # Of its own dependencies, about each other.
            warnings.simplefilter("ignore")
            found: Callable[..., str | None] = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        return None
    return found


def _read(content_type: str) -> tuple[str, Mapping[str, str]]:
    kind, *rest = content_type.split(";")
    pairs = (part.partition("=") for part in rest)
    return kind.strip().lower(), {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}
