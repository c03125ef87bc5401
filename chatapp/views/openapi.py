"""The API described for machines: OpenAPI 3.1, generated from the routes and their schemas."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import current_app
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from marshmallow import fields as f

from chatapp.schemas import Seq
from chatapp.schemas.http import Cursor, ErrorPayload, Moment
from chatapp.schemas.uploads import File
from chatapp.views.door import IN_QUERY, Contract

_PARAMETER = re.compile(r"<(\w+)>")


def show() -> ResponseReturnValue:
    """For anybody: it says nothing about anyone."""
    return _described(tuple(_routes()))


def _routes() -> list[tuple[str, str, str]]:
    """(path, method, endpoint) of every API route."""
    return sorted(
        (rule.rule, method.lower(), rule.endpoint)
        for rule in current_app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@cache
def _described(routes: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="Chat",
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": "Every body is an envelope: ok and data, or not ok and an error."},
        security=[{"bearer": []}, {"cookie": [], "csrf": []}],
    )
    converter: Any = plugin.converter
    converter.add_attribute_function(_shape)
    _add_components(spec)
    for path, method, name in routes:
        view: Any = current_app.view_functions[name]
        contract: Contract = view.contract
        spec.path(
            path=_PARAMETER.sub(r"{\1}", path),
            operations={method: _operation(path, method, name, contract)},
        )
    return spec.to_dict()


def _add_components(spec: APISpec) -> None:
    schemes: dict[str, dict[str, Any]] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": current_app.config["SESSION_COOKIE_NAME"],
        },
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    }
    for name, scheme in schemes.items():
        spec.components.security_scheme(name, scheme)
    spec.components.response(
        "Error",
        {
            "description": "What went wrong; docs/protocol.md lists the codes.",
            "content": _json(_object(ok={"const": False}, error=ErrorPayload)),
        },
    )


def _operation(path: str, method: str, name: str, contract: Contract) -> dict[str, Any]:
    in_query = method.upper() in IN_QUERY
    parameters: list[Any] = [
        {"in": "path", "name": part, "required": True, "schema": {"type": "string"}}
        for part in _PARAMETER.findall(path)
    ]
    operation: dict[str, Any] = {
        "operationId": name.removeprefix("api."),
        "tags": [name.split(".")[1]],
        "parameters": parameters,
        "responses": {
            str(contract.status): {
                "description": "Done.",
                "content": _answered(contract),
            },
            "default": "Error",
        },
    }
    if method != "get":
        parameters.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "description": "The same request under the same key is done once, for a day.",
                "schema": {"type": "string", "maxLength": 200},
            }
        )
    if contract.takes and in_query:
        parameters.append({"in": "query", "schema": contract.takes})
    elif contract.takes:
        content: Any = _json(contract.takes)
        if contract.form:
            content = {"multipart/form-data": {"schema": contract.takes}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answered(contract: Contract) -> dict[str, Any]:
    if contract.media:
        return {media: {"schema": {"type": "string"}} for media in contract.media}
    return _json(_object(ok={"const": True}, data=_data(contract)))


def _data(contract: Contract) -> Any:
    if contract.gives is None:
        return {"type": "object", "maxProperties": 0}
    if not contract.listed:
        return contract.gives
    return _object(
        items={"type": "array", "items": contract.gives}, next={"type": ["string", "null"]}
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _json(schema: type[Schema] | dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _name(schema: Any) -> str:
    """As docs/protocol.md calls it: Room, not RoomPayload."""
    named: Any = resolve_schema_cls(schema)
    return str(named.__name__).removesuffix("Payload")


def _shape(_converter: Any, field: f.Field[Any], ret: Any, **_: Any) -> dict[str, Any]:
    """Of our own fields, and of those that have one value."""
    if field.load_default is None and not field.allow_none:
        ret.pop("default", None)  # it is left out, not sent as null
    if isinstance(field, Moment):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, Cursor):
        return {"type": "string"}
    if isinstance(field, File):
        return {"type": "string", "contentMediaType": "application/octet-stream"}
    if isinstance(field, Seq):
        return {"type": "integer"}
    if isinstance(field, f.Constant):
        return {"const": field.constant}
    return {}
