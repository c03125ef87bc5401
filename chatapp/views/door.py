"""What every API request does before and after its own few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from math import ceil
from typing import Any, cast

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from chatapp import auth
from chatapp.actions import requests
from chatapp.errors import Blocked, InvalidPayload, NotSignedIn
from chatapp.schemas.http import Cursor
from chatapp.types import Caller, Listing

Handler = Callable[..., object]
IN_QUERY = ("GET", "DELETE")  # methods whose fields come with the address


@dataclass(frozen=True)
class Contract:
    """What a route takes and gives; openapi.py publishes it."""

    takes: type[Schema] | None
    gives: type[Schema] | None
    listed: bool
    status: int
    form: bool
    media: tuple[str, ...]


def endpoint(
    takes: type[Schema] | None = None,
    gives: type[Schema] | None = None,
    *,
    listed: bool = False,
    status: int = 200,
    secrets: Iterable[str] = (),
    form: bool = False,
    media: tuple[str, ...] = (),
) -> Callable[[Handler], Callable[..., ResponseReturnValue]]:
    """Find the caller, count the request, check what it says, and answer with an envelope.

    The handler gets the caller and the fields of `takes`; what it returns goes out through `gives`:
    with `listed`, each item of a Listing. What it raises is answered by errors.py. `secrets` are
    fields of the answer that are kept nowhere, not for a repeat under its Idempotency-Key either.
    With `form` what is sent is a multipart form, because there is a file in it. With `media` the
    handler's answer is a file of one of these kinds, and goes out as it is.
    """
    said_once = frozenset(secrets)
    shape = takes() if takes else None
    payload = gives() if gives else None

    def decorate(handler: Handler) -> Callable[..., ResponseReturnValue]:
        @wraps(handler)
        def answer(**path: str) -> ResponseReturnValue:
            g.caller = caller = _caller()
            requests.admit(caller)
            given = {**path, **_load(shape, form)}
            if media:
                return cast(Response, handler(caller, **given))

            def work() -> dict[str, Any]:
                return _dump(payload, handler(caller, **given), listed)

            return {"ok": True, "data": _once(caller, work, said_once)}, status

        answer.contract = Contract(takes, gives, listed, status, form, media)  # type: ignore[attr-defined]
        return answer

    return decorate


def _caller() -> Caller:
    """Whoever asks. Somebody unknown uses up what their address may read, for looking costs us."""
    try:
        return auth.caller()
    except (NotSignedIn, Blocked):
        requests.admit_reader(None, address=request.remote_addr or "")
        raise


def _load(shape: Schema | None, form: bool) -> dict[str, Any]:
    sent = _form() if form else _query() if request.method in IN_QUERY else _json()
    if shape is None:
        if sent:
            raise InvalidPayload(details={name: ["Unknown field."] for name in sent})
        return {}
    try:
        return dict(shape.load(sent))
    except ValidationError as error:
        raise InvalidPayload(details=dict(error.messages_dict)) from None


def _query() -> dict[str, Any]:
    return request.args.to_dict()


def _form() -> dict[str, Any]:
    fields = {**request.form.to_dict(), **request.files.to_dict()}
    fields.pop("csrf_token", None)  # a browser's form may carry it in the header's stead
    return fields


def _json() -> Any:
    if not request.get_data(cache=True):
        return {}
    try:
        sent = request.get_json(silent=True)
    except RecursionError:  # nested a thousand deep
        sent = None
    if not isinstance(sent, dict):
        raise InvalidPayload(details={"_schema": ["Send a JSON object, as application/json."]})
    return sent


def _once(
    caller: Caller, work: Callable[[], dict[str, Any]], secrets: frozenset[str]
) -> dict[str, Any]:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method == "GET":
        return work()
    if not 1 <= len(key) <= 200:
        raise InvalidPayload(details={"Idempotency-Key": ["Use 1 to 200 characters."]})
    same = f"{request.method} {request.full_path}\n".encode() + _said()
    return requests.once(caller, key=key, request=same, work=work, secrets=secrets)


def _said() -> bytes:
    """The body; of a form its fields, for what stands between them is another each time."""
    if request.mimetype != "multipart/form-data":
        return request.get_data(cache=True)
    said = sha256()
    for name, value in sorted(request.form.items()):
        said.update(f"{name}\0{value}\0".encode())
    for name, file in sorted(request.files.items()):
        file.seek(0)
        said.update(f"{name}\0{file.filename}\0".encode() + sha256(file.read()).digest())
    return said.digest()


def _dump(payload: Schema | None, answer: object, listed: bool) -> dict[str, Any]:
    if payload is None:
        return {}
    if not listed:
        return dict(payload.dump(answer))
    assert isinstance(answer, Listing)
    return {"items": payload.dump(answer.items, many=True), "next": Cursor.of(answer.next)}


def tell_allowance(response: Response) -> Response:
    """How many requests this person has left."""
    if "caller" in g and request.path.startswith("/api/"):
        limit, left, reset = requests.allowance(g.pop("caller"))
        response.headers["X-RateLimit-Limit"] = str(limit)
        response.headers["X-RateLimit-Remaining"] = str(left)
        response.headers["X-RateLimit-Reset"] = str(ceil(reset))
    return response
