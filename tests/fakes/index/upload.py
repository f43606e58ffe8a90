"""The legacy upload endpoint: one file a request, checked and published."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Literal

from tests.fakes.index import names
from tests.fakes.index.login import credentials
from tests.fakes.index.message import Reply, plain
from tests.fakes.index.wheel_reading import wheel_metadata

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from tests.fakes.index.message import Request
    from tests.fakes.index.world import File, World

Duplicate = Literal["exists", "conflict", "overwrite", "taken", "accept"]
"""How a second file of the same name is answered: 400, 409, 403, 400 in other words, or replaced."""

_DUPLICATE_ANSWERS: Mapping[str, tuple[int, str]] = {
    "exists": (400, "this file already exists here, with other content"),
    "conflict": (409, "conflict: there is such a file"),
    "overwrite": (403, "not allowed to overwrite artifact"),
    "taken": (400, "this name has already been taken"),
}
_DIGESTS = ("md5_digest", "sha256_digest", "blake2_256_digest")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that was accepted."""

    filename: str
    content: bytes
    fields: Mapping[str, tuple[str, ...]]
    """The form's other fields; those that may repeat have several values."""
    user: str | None = None

    def value(self, name: str) -> str:
        """Return a field that stands once; empty when it does not stand at all."""
        return self.fields.get(name, ("",))[0]


@dataclass(slots=True)
class Uploads:
    """The rules of the endpoint, and what it has accepted."""

    world: World
    on_duplicate: Duplicate = "exists"
    tokens: dict[str, str] = field(default_factory=dict)
    """User to secret; with none, everybody may upload. Tokens belong to the user `__token__`."""
    accepted: list[Upload] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request, after publishing the file that it brings."""
        known = credentials(request)
        if self.tokens and known is None:
            return plain(401, "credentials are needed\n", www_authenticate='Basic realm="upload"')
        if self.tokens and known is not None and self.tokens.get(known[0]) != known[1]:
            return plain(403, "these credentials are not valid\n")
        form = _read_form(request)
        if isinstance(form, str):
            return _bad(form)
        upload = Upload(form.filename, form.content, form.fields, known[0] if known else None)
        return self._publish(upload)

    def _publish(self, upload: Upload) -> Reply:
        mistake = _mistake(upload)
        if mistake:
            return _bad(mistake)
        name = upload.value("name")
        existing = self.world.file(name, upload.filename)
        if existing is not None and self.on_duplicate != "accept":
            return self._duplicate(existing, upload)
        self.world.add_file(
            name,
            upload.filename,
            upload.content,
            version=upload.value("version"),
            sidecar=wheel_metadata(upload.content) if upload.filename.endswith(".whl") else None,
            python=upload.value("requires_python") or None,
        )
        self.accepted.append(upload)
        return plain(200, "")

    def _duplicate(self, existing: File, upload: Upload) -> Reply:
        if existing.body == upload.content and self.on_duplicate == "exists":
            # The public index takes the same bytes twice without a word.
            return plain(200, "")
        code, text = _DUPLICATE_ANSWERS[self.on_duplicate]
        return plain(code, f"{code} {text}\n")


def _mistake(upload: Upload) -> str:
    if upload.value(":action") != "file_upload" or upload.value("protocol_version") != "1":
        return "unknown action or protocol"
    missing = [key for key in ("name", "version", "metadata_version", "filetype") if not upload.value(key)]
    if missing:
        return f"missing: {', '.join(missing)}"
    if not any(upload.value(key) for key in _DIGESTS):
        return "missing: a digest"
    digests = {
        "md5_digest": hashlib.md5(upload.content, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(upload.content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(upload.content, digest_size=32).hexdigest(),
    }
    wrong = [key for key, digest in digests.items() if upload.value(key) not in ("", digest)]
    if wrong:
        return f"the file does not have this {wrong[0]}"
    stem = names.canonical(upload.filename.partition("-")[0])
    if stem != names.canonical(upload.value("name")):
        return f"the file name does not begin with the name `{upload.value('name')}`"
    return ""


@dataclass(frozen=True, slots=True)
class _Form:
    fields: Mapping[str, tuple[str, ...]]
    filename: str
    content: bytes


def _read_form(request: Request) -> _Form | str:
    """Return the form of a request, or what is wrong with it."""
    content_type = request.header("content-type")
    if not content_type.startswith("multipart/form-data"):
        return "not a form"
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if not message.is_multipart():
        return "a form without parts"
    fields: dict[str, tuple[str, ...]] = {}
    file: tuple[str, bytes] | None = None
    for part in message.iter_parts():
        name, filename, content = _read_part(part)
        if filename is None:
            fields[name] = (*fields.get(name, ()), content.decode())
        elif name == "content":
            file = filename, content
    return "a form without a file" if file is None else _Form(fields, *file)


def _read_part(part: Message) -> tuple[str, str | None, bytes]:
    content = part.get_payload(decode=True)
    name = part.get_param("name", header="content-disposition")
    return str(name), part.get_filename(), content if isinstance(content, bytes) else b""


def _bad(text: str) -> Reply:
    return plain(400, f"400 {text}\n")
