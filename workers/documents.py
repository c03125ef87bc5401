"""Reading documents. A reader is a process of its own: to a worker that is waiting, not work."""

from __future__ import annotations

from threading import Lock

from celery import shared_task

from chatapp.actions import documents, embeddings

_at_it = Lock()  # in a pool of threads: one document at a time, or they take all the memory


@shared_task(name="documents.read")
def read() -> None:
    """Read the document that waits longest. The clock comes again, and each call for the next."""
    if _at_it.acquire(blocking=False):
        try:
            documents.read_next()
        finally:
            _at_it.release()


@shared_task(name="documents.embed")
def embed() -> None:
    """Give vectors to passages that have none, if that is configured. Safe to run twice: one of them
    does. Safe to run late.
    """
    embeddings.fill()
