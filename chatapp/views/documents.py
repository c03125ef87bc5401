"""What the assistant shall know."""

from __future__ import annotations

from chatapp.actions import documents
from chatapp.schemas.http import DocumentPayload, ListDocuments, UploadDocument
from chatapp.schemas.uploads import Upload
from chatapp.types import Caller
from chatapp.views.door import endpoint


@endpoint(ListDocuments, DocumentPayload, listed=True)
def index(caller: Caller, cursor: tuple[str, str] | None) -> object:
    return documents.page(caller, after=cursor)


@endpoint(gives=DocumentPayload)
def show(caller: Caller, document_id: str) -> object:
    return documents.find(caller, document_id=document_id)


@endpoint(UploadDocument, DocumentPayload, status=201, form=True)
def create(caller: Caller, file: Upload, name: str | None) -> object:
    return documents.add(caller, name=name or file.name, content=file.content)


@endpoint(UploadDocument, DocumentPayload, form=True)
def replace(caller: Caller, document_id: str, file: Upload, name: str | None) -> object:
    return documents.replace(
        caller, document_id=document_id, name=name or file.name, content=file.content
    )


@endpoint()
def remove(caller: Caller, document_id: str) -> None:
    documents.remove(caller, document_id=document_id)
