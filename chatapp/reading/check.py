"""What a file is, by its name and its first look: in milliseconds, whatever was uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePath
from zipfile import BadZipFile, ZipFile

from chatapp.reading import Unreadable

KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
MOST_UNPACKED = 100_000_000  # bytes of a docx: it is a zip, and a small one may hold a great deal
MOST_PARTS = 5_000

_OFFICE_OF_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also the wrapping of encrypted new ones
_NOT_TEXT = (b"%PDF-", b"PK\x03\x04", _OFFICE_OF_OLD, b"\x89PNG", b"\xff\xd8\xff", b"\x7fELF")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins; it is full of zeros
_TAG = re.compile(
    rb"<(?:!doctype|html|body|article|main|section|div|h[1-6]|p|ul|ol|table|br)\b", re.I
)
_PDF_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
_DOCX_PART = b"wordprocessingml.document.main+xml"


def kind_of(name: str, content: bytes) -> str:
    """markdown, text, html, pdf or docx. Raises Unreadable with the reason."""
    kind = KINDS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise Unreadable("Only Markdown, text, HTML, PDF and Word (.docx) files can be read.")
    if not content.strip(b"\0 \t\r\n"):
        raise Unreadable("The file is empty.")
    _LOOKS[kind](content)
    return kind


def _text(content: bytes) -> None:
    wide = content.startswith(_WIDE)
    if content.startswith(_NOT_TEXT) or (b"\0" in content and not wide):
        raise Unreadable("The file is not text, as its name says.")


def _html(content: bytes) -> None:
    _text(content)
    if not content.startswith(_WIDE) and not _TAG.search(content):
        raise Unreadable("The file is not HTML, as its name says.")


def _pdf(content: bytes) -> None:
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("The file is not a PDF, as its name says.")
    if _PDF_ENCRYPTED.search(content):
        raise Unreadable("The file is encrypted. Save it without a password and upload it again.")


def _docx(content: bytes) -> None:
    if content.startswith(_OFFICE_OF_OLD):
        raise Unreadable(
            "The file is encrypted, or of an old Word. Save it as .docx without a password."
        )
    try:
        with ZipFile(BytesIO(content)) as packed:
            parts = packed.infolist()
            # A part is never unpacked beyond the size it declares: zipfile stops there.
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Unreadable("The file unpacks to far more than a document.")
            if any(part.flag_bits & 1 for part in parts):
                raise Unreadable("The file is encrypted. Save it without a password.")
            with packed.open("[Content_Types].xml") as contents:
                is_word = _DOCX_PART in contents.read(1_000_000)
    except (BadZipFile, KeyError, NotImplementedError, ValueError, EOFError, OSError):
        is_word = False
    if not is_word:
        raise Unreadable("The file is not a Word document, as its name says.")


_LOOKS: dict[str, Callable[[bytes], None]] = {
    "markdown": _text,
    "text": _text,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
}
