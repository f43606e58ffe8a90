"""What files of other kinds say that a new project needs: notebooks, scripts, requirements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.import_formats.harvest import Harvest
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.scaffold import Outline


def read_wishes(names: Iterable[str], surroundings: Surroundings, folder: Path) -> Harvest:
    """Read the files; raises NotImported with all that cannot be understood in them, and UnknownFormat."""
    from chapbook_core.commands.import_formats.harvest import Harvest  # nothing else needs it to make a project

    harvest = Harvest(folder)
    for name in names:
        from chapbook_core.commands.take_over import read_file_into  # brings every reader along

        read_file_into(harvest, surroundings.folder / Path(name).expanduser(), name)
    if harvest.mistakes:
        from chapbook_core.commands.take_over import NotImported  # as above

        raise NotImported(harvest.mistakes)
    return harvest


def with_wishes(outline: Outline, harvest: Harvest, *, is_python_given: bool = False) -> Outline:
    """Add what the files require, and the Pythons that they are for unless the person has named some."""
    if harvest.pythons and not is_python_given:
        from chapbook_core.commands.outlining import read_python  # as above

        outline = replace(outline, requires_python=read_python(",".join(dict.fromkeys(harvest.pythons))))
    if not harvest.wishes:
        return outline
    from chapbook_core.commands.import_formats.merging import merged_wishes
    from chapbook_core.requirements.constraint import parse_constraint
    from chapbook_core.requirements.marker import python_marker  # as above

    known = {requirement.name for requirement in outline.dependencies}
    python = python_marker(parse_constraint(outline.requires_python or "*"))
    merged = [wish.requirement for wish, _allows_more in merged_wishes(harvest.wishes, python)]
    more = tuple(requirement for requirement in merged if requirement.name not in known)
    return replace(outline, dependencies=(*outline.dependencies, *more))


def with_sources(text: str, file: Path, harvest: Harvest) -> str:
    """Add the indexes that the files name to the text of a project file."""
    if not harvest.sources:
        return text
    from chapbook_core.commands.import_formats.harvest import source_name
    from chapbook_core.project.document import Document
    from chapbook_core.project.source import Source  # as above

    document = Document(text.encode(), file)
    names: list[str] = []
    for found in harvest.sources:
        names.append(found.name or source_name(found.url, names))
        document.add_source(Source(names[-1], found.url, found.priority))
    return document.text()
