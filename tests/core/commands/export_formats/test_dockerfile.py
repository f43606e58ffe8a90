"""Images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.commands.export_formats.exported import (
    COMMIT,
    HEAD,
    NO_PACKAGE,
    PROJECT,
    locked,
    source,
    with_direct_references,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


DOCKERFILE = """# syntax=docker/dockerfile:1
# Made by `chapbook export --format Dockerfile`; make it anew when the lock changes.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
COPY <<"REQUIREMENTS" /tmp/hashed.txt
c==3.0 \\
    --hash=sha256:HASH
REQUIREMENTS
RUN --mount=type=cache,target=/root/.cache/pip \\
    pip install --no-deps --require-hashes --requirement /tmp/hashed.txt

FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/venv /opt/venv
ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
RUN useradd --create-home --uid 1000 user
USER user
WORKDIR /home/user/here
COPY --chown=user . .
CMD ["python"]
"""


def test_an_image_is_made_of_hashed_packages_in_a_stage_of_their_own(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    text = HEAD.replace(">=3.11", "~=3.11.0") + 'dependencies = ["c"]\n' + NO_PACKAGE
    locked(project, chapbook, text)
    outcome = chapbook("export", "-f", "Dockerfile")
    assert outcome.out == DOCKERFILE.replace("HASH", index.files("c")[0].sha256)
    assert "`.dockerignore`" in outcome.err
    (project / ".dockerignore").write_text(".venv\n.git\n", encoding="utf-8")
    assert chapbook("export", "-f", "Dockerfile").err == ""


def test_the_image_of_a_package_has_it_installed_and_runs_its_script(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook, HEAD + 'dependencies = ["c"]\n[project.scripts]\nserve = "here:main"\n')
    out = chapbook("export", "-f", "Dockerfile").out
    stages = out.split("\nFROM ")
    assert stages[1].splitlines()[-2:] == [
        "COPY . .",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps .",
    ]
    assert "COPY . ." not in stages[2]
    assert stages[2].splitlines()[-1] == 'CMD ["serve"]'


def test_what_has_no_hash_is_installed_apart_in_the_image(project: Path, chapbook: Chapbook) -> None:
    locked(project, chapbook)
    with_direct_references(project)
    out = chapbook("export", "-f", "Dockerfile").out
    assert "RUN apt-get update && apt-get install --yes --no-install-recommends git\n" in out
    apart = out.partition('COPY <<"REQUIREMENTS" /tmp/plain.txt\n')[2].partition("\nREQUIREMENTS")[0]
    assert apart.splitlines() == [f"repository @ git+https://example.org/repository.git@{COMMIT}", "./libs/tree"]
    file = project / "poetry.lock"
    file.write_text(file.read_text("utf-8").replace("libs/tree", "../tree"), encoding="utf-8")
    assert "`tree` comes from `../tree`, outside the project" in chapbook("export", "-f", "Dockerfile").err


def test_the_login_of_an_index_reaches_the_build_as_a_secret(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    locked(project, chapbook, PROJECT + NO_PACKAGE + source(index.url))
    out = chapbook("export", "-f", "Dockerfile").out
    assert "--mount=type=secret,id=netrc,target=/root/.netrc" in out
    assert f"--index-url {index.url.rstrip('/')}\n" in out
