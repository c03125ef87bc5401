"""The administrators' page of what the assistant shall know."""

from __future__ import annotations

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from chatapp.actions import documents
from chatapp.errors import ChatError
from chatapp.schemas.forms import UploadByForm
from chatapp.schemas.http import Cursor, ListDocuments
from chatapp.types import Caller, Document
from chatapp.views import forms
from chatapp.views.administration import administrator


def index() -> ResponseReturnValue:
    caller = administrator()
    cursor = forms.query(ListDocuments)["cursor"]
    found = documents.page(caller, after=cursor)
    return render_template(
        "admin-knowledge.html",
        me=caller,
        documents=found.items,
        count=documents.count(caller),
        first=cursor is None,
        next=Cursor.of(found.next),
        most_bytes=current_app.config["DOCUMENT_BYTES"],
    )


def add() -> ResponseReturnValue:
    caller, back = administrator(), url_for("admin_knowledge.index")
    try:
        file = forms.read(UploadByForm)["file"]
        document = documents.add(caller, name=file.name, content=file.content)
    except ChatError as error:
        return forms.failed(error, back)
    return forms.done(f"{document.name} is here. It is known as soon as it has been read.", back)


def show(document_id: str) -> ResponseReturnValue:
    caller = administrator()
    return render_template(
        "admin-document.html",
        me=caller,
        document=_document(caller, document_id),
        most_bytes=current_app.config["DOCUMENT_BYTES"],
    )


def replace(document_id: str) -> ResponseReturnValue:
    caller = administrator()
    back = url_for("admin_knowledge.show", document_id=_document(caller, document_id).id)
    try:
        file = forms.read(UploadByForm)["file"]
        documents.replace(caller, document_id=document_id, name=file.name, content=file.content)
    except ChatError as error:
        return forms.failed(error, back)
    return forms.done("The new version is here. It is known as soon as it has been read.", back)


def remove(document_id: str) -> ResponseReturnValue:
    caller = administrator()
    document = _document(caller, document_id)
    documents.remove(caller, document_id=document_id)
    return forms.done(f"{document.name} is deleted.", url_for("admin_knowledge.index"))


def _document(caller: Caller, document_id: str) -> Document:
    return documents.find(caller, document_id=document_id)
