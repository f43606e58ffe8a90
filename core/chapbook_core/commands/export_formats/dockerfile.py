"""`Dockerfile`: an image in two stages, with the locked packages in an environment of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.lock.requirements_format import can_be_hashed, requirement_line, with_hashes
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.export_formats.subject import Subject
    from chapbook_core.lock.lockfile import LockedPackage

_MARK = "# Made by `chapbook export --format Dockerfile`; make it anew when the lock changes."
_CACHE = "--mount=type=cache,target=/root/.cache/pip"
# Logins come from the person who builds, and stay out of the image: `docker build --secret id=netrc,src=$HOME/.netrc`.
_LOGIN = "--mount=type=secret,id=netrc,target=/root/.netrc"


class OutOfReach(ChapbookError):
    """An image is built from the project's folder, and a locked package lies outside."""

    def __init__(self, package: LockedPackage, path: str) -> None:
        super().__init__(
            f"`{package.name}` comes from `{path}`, outside the project: the build of an image cannot reach it",
            hints=["move it into the project, or leave its group out"],
        )


def dockerfile_text(subject: Subject) -> str:
    """Return the text of the file; raises OutOfReach."""
    return "\n".join([*_lines(subject), ""])


def _lines(subject: Subject) -> Iterator[str]:
    packages = list(subject.packages())
    image = "FROM python:${PYTHON}-slim-bookworm"
    yield "# syntax=docker/dockerfile:1"
    yield _MARK
    yield f"ARG PYTHON={subject.python_name}"
    yield from ("", f"{image} AS build")
    if any(package.source is not None and package.source.type == "git" for package, _ in packages):
        yield "RUN apt-get update && apt-get install --yes --no-install-recommends git"
    yield "ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH"
    yield "RUN python -m venv /opt/venv"
    hashed = [(package, marker) for package, marker in packages if can_be_hashed(package)] if subject.hashes else []
    plain = [(package, marker) for package, marker in packages if (package, marker) not in hashed]
    entries = [
        with_hashes(_requirement(package, marker.text(subject.python), subject), package) for package, marker in hashed
    ]
    needs_sources = subject.manifest.package_mode or any(_is_local(package) for package, _ in packages)
    local_hashed = any(_is_local(package) for package, _ in hashed)
    if needs_sources:
        yield "WORKDIR /src"
    if local_hashed:
        yield "COPY . ."
    if entries:
        yield from _install(subject, "hashed.txt", entries, "--require-hashes ")
    if needs_sources and not local_hashed:
        # Behind the packages, which change less often.
        yield "COPY . ."
    if plain:
        entries = [_requirement(package, marker.text(subject.python), subject) for package, marker in plain]
        yield from _install(subject, "plain.txt", entries, "")
    if subject.manifest.package_mode:
        yield f"RUN {_CACHE} pip install --no-deps ."
    yield from ("", image)
    yield "COPY --from=build /opt/venv /opt/venv"
    yield "ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH"
    yield "RUN useradd --create-home --uid 1000 user"
    yield "USER user"
    yield f"WORKDIR /home/user/{canonical_name(subject.manifest.name or 'project')}"
    if not subject.manifest.package_mode:
        yield "COPY --chown=user . ."
    yield from _command(subject, {package.name for package, _ in packages})


def _install(subject: Subject, name: str, entries: list[str], options: str) -> Iterator[str]:
    yield f'COPY <<"REQUIREMENTS" /tmp/{name}'
    yield from subject.options
    for entry in entries:
        yield from entry.split("\n")
    yield "REQUIREMENTS"
    mounts = f"{_CACHE} {_LOGIN}" if subject.options else _CACHE
    yield f"RUN {mounts} \\"
    yield f"    pip install --no-deps {options}--requirement /tmp/{name}"


def _is_local(package: LockedPackage) -> bool:
    return package.source is not None and package.source.type in {"directory", "file"}


def _requirement(package: LockedPackage, marker: str, subject: Subject) -> str:
    if _is_local(package) and package.source is not None:
        path = package.source.url
        if path.startswith(("/", "../")) or path == ".." or ":" in path:
            raise OutOfReach(package, path)
    # What an editable folder would point to is not in the final image.
    return requirement_line(package, marker, subject.manifest.folder).removeprefix("-e ")


def _command(subject: Subject, names: set[str]) -> Iterator[str]:
    if not subject.manifest.package_mode and "jupyterlab" in names:
        yield "EXPOSE 8888"
        command = ["jupyter", "lab", "--ip=0.0.0.0", "--no-browser"]
    elif subject.manifest.package_mode and len(subject.manifest.scripts) == 1:
        command = list(subject.manifest.scripts)
    else:
        command = ["python"]
    yield f"CMD {json.dumps(command)}"
