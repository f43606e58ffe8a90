"""Attestations (PEP 740): signed statements that this job published this file, made by a program of somebody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.process_group import kill_group
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.events import Watcher
    from chapbook_core.publisher.package_file import PackageFile

SUFFIX = ".publish.attestation"
_PROGRAM = "pypi-attestations"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "/attestations/publish/v1"
"""What the type of the predicate ends with."""
_PATIENCE = 120.0
_SLICE = 0.2
_LARGEST = 1_000_000


class BadAttestation(ChapbookError):
    """What lies beside a file is no attestation of it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"`{path.name}` cannot be used: {reason}", hints=["remove it, and sign the file again"])


class NoSigner(ChapbookError):
    """Attestations are asked for, and there is nobody to make them."""

    def __init__(self) -> None:
        super().__init__(
            "attestations are asked for, and no signer is installed",
            hints=[f"install `{_PROGRAM}` beside Chapbook or on the path, or publish without `--attestations`"],
        )


class SigningFailed(ChapbookError):
    """The signer made no attestation."""


@frozen
class Signer:
    """The program that makes attestations, and with what it is started."""

    words: tuple[str, ...]
    variables: Mapping[str, str]

    def sign(self, file: PackageFile, watcher: Watcher) -> str:
        """Make the attestation of a file beside it, and return it checked."""
        child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            [*self.words, "sign", str(file.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(self.variables),
            start_new_session=True,
            text=True,
            errors="replace",
        )
        told = _waited(child, watcher)
        if child.returncode != 0:
            # Its words may hold tokens: the last line names the error.
            last = told.strip().splitlines()[-1][:200] if told.strip() else f"status {child.returncode}"
            raise SigningFailed(
                f"`{self.words[-1]}` did not sign `{file.path.name}`: {last}",
                hints=["signing needs the identity of a build service; publish without `--attestations` elsewhere"],
            )
        made = present_attestation(file)
        if made is None:
            raise SigningFailed(f"`{self.words[-1]}` made no `{file.path.name}{SUFFIX}`")
        return made


def find_signer(variables: Mapping[str, str]) -> Signer | None:
    """Find the program beside our own Python, else on the path."""
    beside = shutil.which(_PROGRAM, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(_PROGRAM, path=variables.get("PATH", os.defpath))
    return None if found is None else Signer((found,), variables)


def present_attestation(file: PackageFile) -> str | None:
    """Return the attestation that lies beside a file, if one does; raises BadAttestation for anything else there."""
    path = file.path.with_name(file.path.name + SUFFIX)
    try:
        with path.open("rb") as stream:
            body = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise BadAttestation(path, str(problem.strerror or problem)) from None
    if len(body) > _LARGEST:
        raise BadAttestation(path, "it is larger than any attestation")
    reason = mistake(body, file)
    if reason:
        raise BadAttestation(path, reason)
    # Written anew, as one value of the list that the form holds.
    return json.dumps(json.loads(body), separators=(",", ":"))


def mistake(body: bytes, file: PackageFile) -> str:
    """Return what is wrong with an attestation of a file; empty when its format and statement are right.

    Whether the signature is good, only the index can tell: it knows who may publish.
    """
    try:
        attestation = json.loads(body)
        envelope, material = attestation["envelope"], attestation["verification_material"]
        version = attestation["version"]
        statement = json.loads(b64decode(envelope["statement"], validate=True))
        b64decode(envelope["signature"], validate=True)
        b64decode(material["certificate"], validate=True)
        has_entries = isinstance(material["transparency_entries"], list) and bool(material["transparency_entries"])
    except (ValueError, KeyError, TypeError):
        return "it is not of the form of PEP 740"
    if version != 1 or not has_entries:
        return "it is of another version, or has no entry of a transparency log"
    return _statement_mistake(statement, file)


def _statement_mistake(statement: object, file: PackageFile) -> str:
    match statement:
        case {"_type": kind, "predicateType": str(predicate), "subject": [{"name": str(name), "digest": dict(digest)}]}:
            pass
        case _:
            return "its statement is not about one file"
    if kind != _STATEMENT or not predicate.endswith(_PREDICATE):
        return f"its statement says something else than that the file was published: {predicate[:100]}"
    if canonical_name(name) != canonical_name(file.path.name):
        return f"it is that of `{name[:100]}`"
    if digest.get("sha256") != file.digests["sha256"]:
        return "the file has changed since it was signed"
    return ""


def _waited(child: subprocess.Popen[str], watcher: Watcher) -> str:
    end = time.monotonic() + _PATIENCE
    try:
        while True:
            watcher.checkpoint()
            try:
                return child.communicate(timeout=_SLICE)[1]
            except subprocess.TimeoutExpired:
                if time.monotonic() > end:
                    raise SigningFailed(f"the signer did not end within {_PATIENCE:.0f} s") from None
    except BaseException:
        _end(child)
        raise


def _end(child: subprocess.Popen[str]) -> None:
    kill_group(child)
    child.communicate()


def attested(files: Sequence[PackageFile], signer: Signer | None, watcher: Watcher) -> Mapping[str, str]:
    """Return the attestations by file name; a file without one is signed when there is a signer."""
    made: dict[str, str] = {}
    for file in files:
        present = present_attestation(file)
        if present is None and signer is not None:
            present = signer.sign(file, watcher)
        if present is not None:
            made[file.path.name] = present
    return made
