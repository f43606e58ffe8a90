"""The name of a package that is asked for by its place alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.direct_references import ReferenceFailed
from chapbook_core.commands.elsewhere import ProjectElsewhere
from chapbook_core.commands.reference_reading import ReferenceReader
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.resolver.settling import Settling

if TYPE_CHECKING:
    from chapbook_core.commands.session import Session
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.requirements.requirement import Requirement


def reference_name(requirement: Requirement, session: Session, index: OpenIndex, mode: Mode) -> str:
    """Look at the place and return the name that is told there; raises ReferenceFailed."""
    settling = Settling(session.manifest.folder)
    with ProjectElsewhere(session, index, mode, settling, locked=(), may_build=True) as elsewhere:
        reader = ReferenceReader(session, index, mode, elsewhere.builds(), ())
        try:
            told = reader.read(requirement.name, settling.settled(requirement).origin).told
        except Cancelled:
            raise
        except (ChapbookError, OSError) as problem:
            raise ReferenceFailed("", requirement.origin, problem) from problem
        finally:
            reader.close()
    if not told.name:
        cause = ChapbookError("it has no name", hints=["give it one under [project]"])
        raise ReferenceFailed("", requirement.origin, cause)
    return told.name
