"""What the assistant shall know: documents of the workspace. Everybody may read them, its
administrators change them.
"""

from __future__ import annotations

from itertools import islice
from pathlib import PurePath, PureWindowsPath
from time import monotonic

from chatapp import jobs, logs, text
from chatapp.actions import access
from chatapp.errors import Busy, InvalidPayload, NotFound, TooLarge
from chatapp.llm import embedding
from chatapp.reading import Unreadable, bounded, check
from chatapp.store import assistants, documents
from chatapp.types import Caller, Document, Listing

log = logs.get(__name__)

AT_ONCE = 50  # documents in one answer
NAME_MAX = 120  # characters
_BATCH = 50  # passages between two signs of progress


def page(caller: Caller, *, after: tuple[str, str] | None = None) -> Listing:
    """By name; `next` is where the next page begins."""
    found = documents.page(caller.tenant_id, after=after, limit=AT_ONCE + 1)
    shown = found[:AT_ONCE]
    more = (shown[-1].name, shown[-1].id) if len(found) > AT_ONCE else None
    return Listing(shown, more)


def count(caller: Caller) -> int:
    return documents.count(caller.tenant_id)


def find(caller: Caller, *, document_id: str) -> Document:
    return access.document(caller, document_id)


def add(caller: Caller, *, name: str, content: bytes) -> Document:
    """It is read by a worker; what it says is known in a moment.

    Raises NotAllowed, TooLarge, InvalidPayload with the reason, Conflict.
    """
    access.administration(caller)
    name, kind = _checked(name, content)
    document = documents.add(
        caller.tenant_id,
        name=name,
        kind=kind,
        content=content,
        by=caller.user_id,
        at_most=documents.bounds().documents,
    )
    jobs.read_documents()
    return document


def replace(caller: Caller, *, document_id: str, name: str, content: bytes) -> Document:
    """The same document, newer. What it said before is known until the new has been read.

    Raises as add does, and NotFound.
    """
    before = _changeable(caller, document_id)
    name, kind = _checked(name, content)
    document = documents.replace(
        caller.tenant_id, before.id, name=name, kind=kind, content=content, by=caller.user_id
    )
    if document is None:
        raise NotFound
    jobs.read_documents()
    return document


def remove(caller: Caller, *, document_id: str) -> None:
    """For good. Raises NotFound, NotAllowed."""
    document = _changeable(caller, document_id)
    documents.remove(caller.tenant_id, document.id)
    log.info("document removed", document_id=document.id)


def read_next() -> bool:
    """Read the document that has waited longest. False when none does. Safe to run twice: one of
    them has it.
    """
    waiting = documents.unread()
    if not waiting:
        return False
    claimed = documents.claim(*waiting[0])
    if claimed is not None:
        _read(*claimed)
    if len(waiting) > 1:
        jobs.read_documents()
    return True


def _read(document: Document, content: bytes) -> None:
    began, done, reason = monotonic(), 0, ""
    told = bounded.passages(document.kind, content, within=documents.bounds().seconds)
    try:
        while some := [(each.heading, each.body, each.start) for each in islice(told, _BATCH)]:
            if not documents.keep(document, done, some):
                return  # replaced or removed meanwhile
            done += len(some)
        if documents.serve(document, done) and _is_found_by_meaning(document):
            jobs.embed_documents()
    except Unreadable as error:
        reason = str(error)
    except Busy:
        raise  # it is read from the beginning when the database is back
    except Exception:
        log.exception("document cannot be read", document_id=document.id)
        reason = "The file could not be read: a fault of ours, which the log tells of."
    finally:
        told.close()
    if reason:
        documents.give_up(document, done, reason)
    log.info(
        "document read",
        document_id=document.id,
        kind=document.kind,
        passages=done,
        reason=reason,
        seconds=round(monotonic() - began, 2),
    )


def _is_found_by_meaning(document: Document) -> bool:
    return bool(embedding.model()) and assistants.find(document.tenant_id).find_by_meaning


def too_large() -> TooLarge:
    return TooLarge(f"The file is larger than {documents.bounds().size / 1_000_000:g} MB.")


def _changeable(caller: Caller, document_id: str) -> Document:
    document = access.document(caller, document_id)
    access.administration(caller)
    return document


def _checked(name: str, content: bytes) -> tuple[str, str]:
    """The name as it is shown, and what kind of document it is."""
    if len(content) > documents.bounds().size:
        raise too_large()
    name = text.clean_name(PureWindowsPath(PurePath(name).name).name)
    try:
        if not 1 <= len(name) <= NAME_MAX:
            raise Unreadable(f"Give the file a name of up to {NAME_MAX} characters.")
        return name, check.kind_of(name, content)
    except Unreadable as reason:
        raise InvalidPayload(str(reason), details={"file": [str(reason)]}) from None
