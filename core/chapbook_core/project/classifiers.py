"""Classifiers: the phrases by which an index sorts projects, and which of them it takes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PRIVATE = "Private"
"""What begins like this stands for no public index."""
SEPARATOR = " :: "
_TOPS = (
    "Development Status",
    "Environment",
    "Framework",
    "Intended Audience",
    "License",
    "Natural Language",
    "Operating System",
    PRIVATE,
    "Programming Language",
    "Topic",
    "Typing",
)


@frozen
class ClassifierProblem:
    """What is wrong with a classifier, and what to do."""

    message: str
    hint: str
    is_refused: bool
    """Whether an index takes no project that has it."""


def first_part(classifier: str) -> str:
    """Return what a classifier begins with, as `License`."""
    return classifier.partition(SEPARATOR)[0]


def classifier_problem(classifier: str) -> ClassifierProblem | None:
    """Return what is wrong with a classifier.

    The whole list is known where the package `trove-classifiers` is installed; elsewhere only the first part is.
    """
    known, deprecated = _lists()
    top = first_part(classifier)
    if classifier in deprecated:
        instead = " or ".join(f"`{other}`" for other in deprecated[classifier])
        hint = f"use {instead}" if instead else "remove it"
        return ClassifierProblem(f"`{classifier}` is deprecated", hint, is_refused=False)
    if top == PRIVATE:
        return None
    if known and classifier not in known:
        hint = "take one from the list"
    elif top not in _TOPS or SEPARATOR not in classifier:
        hint = f"a classifier begins with one of: {', '.join(_TOPS)}"
    else:
        return None
    return ClassifierProblem(f"`{classifier}` is not a classifier", hint, is_refused=True)


def _lists() -> tuple[Collection[str], Mapping[str, Collection[str]]]:
    try:
        trove = import_module("trove_classifiers")
    except ImportError:
        return frozenset(), {}
    return trove.classifiers, trove.deprecated_classifiers
