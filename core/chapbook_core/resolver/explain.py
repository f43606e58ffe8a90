"""Explanation: a proof that there is no solution, told in prose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from chapbook_core.resolver.catalogue import Catalogue
    from chapbook_core.resolver.incompatibility import Incompatibility
    from chapbook_core.resolver.problem import Problem


class NoSolution(ChapbookError):
    """The requirements exclude each other."""

    def __init__(self, problem: Problem, catalogue: Catalogue, proof: Incompatibility) -> None:
        self.proof = proof
        super().__init__("no solution")
