"""The published description, and whether the running API keeps to it."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from chatapp.actions import documents
from chatapp.store import passages
from chatapp.views import API


@pytest.fixture
def spec(app):
    return app.test_client().get("/api/v1/openapi.json").json


@pytest.fixture
def conforms(spec):
    """Whether an answer is what the description says of its route."""

    def check(method: str, path: str, answer) -> None:
        responses = spec["paths"][path][method.lower()]["responses"]
        described = responses.get(str(answer.status_code)) or {
            "$ref": "#/components/responses/Error"
        }
        if "$ref" in described:
            described = spec["components"]["responses"]["Error"]
        schema = described["content"][answer.mimetype]["schema"]
        whole = {**schema, "components": spec["components"]}
        Draft202012Validator(whole).validate(answer.json if answer.is_json else answer.text)

    return check


def test_the_description_is_valid_openapi(spec):
    validate(spec, cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_and_nothing_else(spec):
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in spec["paths"].items()
        for method in operations
    }

    assert described == {re.sub(r"<(\w+)>", r"{\1}", route) for route in API}


def test_fields_are_described_with_their_kinds(spec):
    schemas = spec["components"]["schemas"]

    assert schemas["Session"]["properties"]["expires_at"] == {
        "type": "string",
        "format": "date-time",
    }
    assert schemas["CreateRoom"]["required"] == ["kind"]
    assert schemas["CreateRoom"]["additionalProperties"] is False
    query = spec["paths"]["/api/v1/people"]["get"]["parameters"]
    assert [p["name"] for p in query] == ["q", "cursor"]


def test_what_the_api_answers_is_what_it_described(api, conforms, lobby, ada, bob, person):
    person("carol")
    bot = api(ada)
    said = bot("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "hello"})
    message_id = said.json["data"]["id"]
    conforms("POST", "/api/v1/rooms/{room_id}/messages", said)
    guide = bot("POST", "/documents", data={"file": (BytesIO(b"# Guide"), "guide.md")})
    conforms("POST", "/api/v1/documents", guide)
    document_id = guide.json["data"]["id"]
    newer = {"file": (BytesIO(b"# New guide"), "guide.md")}
    answer = bot("PUT", f"/documents/{document_id}", data=newer)
    conforms("PUT", "/api/v1/documents/{document_id}", answer)
    assert documents.read_next()
    (passage,) = passages.search("acme", room_ids=[], words="guide", at_most=9)
    journey = [
        ("GET", "/me", {}, None),
        ("PATCH", "/me", {}, {"name": "Ada L."}),
        ("POST", "/me/password", {}, {"current": "wrong", "new": "a long enough one"}),
        ("GET", "/sessions", {}, None),
        ("DELETE", "/sessions/{session_id}", {"session_id": "none"}, None),
        ("DELETE", "/sessions", {}, None),
        ("GET", "/people", {}, None),
        ("GET", "/people/{user_id}", {"user_id": "bob"}, None),
        ("PATCH", "/people/{user_id}", {"user_id": "bob"}, {"role": "admin"}),
        ("POST", "/invitations", {}, {"email": "x@acme.test"}),
        ("GET", "/invitations", {}, None),
        ("DELETE", "/invitations/{invitation_id}", {"invitation_id": "none"}, None),
        ("GET", "/assistant", {}, None),
        ("PATCH", "/assistant", {}, {"provider": "openai", "model": "gpt-4o"}),
        ("GET", "/usage", {}, None),
        ("GET", "/usage/people", {}, None),
        ("GET", "/usage/rooms", {}, None),
        ("POST", "/rooms", {}, {"kind": "direct", "member_ids": ["bob"]}),
        ("GET", "/rooms", {}, None),
        ("GET", "/rooms/browse", {}, None),
        ("GET", "/rooms/{room_id}", {"room_id": "lobby"}, None),
        ("PATCH", "/rooms/{room_id}", {"room_id": "lobby"}, {"topic": "x"}),
        ("POST", "/rooms/{room_id}/join", {"room_id": "lobby"}, None),
        ("GET", "/rooms/{room_id}/members", {"room_id": "lobby"}, None),
        ("POST", "/rooms/{room_id}/members", {"room_id": "lobby"}, {"user_ids": ["carol"]}),
        (
            "PATCH",
            "/rooms/{room_id}/members/{user_id}",
            {"room_id": "lobby", "user_id": "bob"},
            {"role": "admin"},
        ),
        ("GET", "/rooms/{room_id}/messages", {"room_id": "lobby"}, None),
        ("GET", "/rooms/{room_id}/export", {"room_id": "lobby"}, None),
        ("GET", "/rooms/{room_id}/export", {"room_id": "lobby?format=markdown"}, None),
        ("GET", "/search", {}, None),
        ("PUT", "/rooms/{room_id}/read", {"room_id": "lobby"}, {"seq": 1}),
        (
            "PATCH",
            "/messages/{message_id}",
            {"message_id": message_id},
            {"body": "hi", "revision": 1},
        ),
        ("DELETE", "/messages/{message_id}", {"message_id": f"{message_id}?revision=2"}, None),
        (
            "DELETE",
            "/rooms/{room_id}/members/{user_id}",
            {"room_id": "lobby", "user_id": "carol"},
            None,
        ),
        ("GET", "/documents", {}, None),
        ("GET", "/documents/{document_id}", {"document_id": document_id}, None),
        ("GET", "/passages/{passage_id}", {"passage_id": passage.id}, None),
        ("DELETE", "/documents/{document_id}", {"document_id": document_id}, None),
        ("POST", "/rooms/{room_id}/leave", {"room_id": "lobby"}, None),
        ("POST", "/rooms/{room_id}/archive", {"room_id": "lobby"}, None),
    ]

    for method, path, ids, sent in journey:
        conforms(method, f"/api/v1{path}", bot(method, path.format(**ids), sent))

    walked = {f"{method} {path}" for method, path, *_ in journey}
    walked |= {"POST /rooms/{room_id}/messages", "POST /documents", "PUT /documents/{document_id}"}
    assert walked == {re.sub(r"<(\w+)>", r"{\1}", route) for route in API}


def test_what_is_found_is_what_it_described(api, conforms, lobby, ada, persist):
    bot = api(ada)
    bot("POST", "/rooms/lobby/messages", {"client_id": "c-0000001", "body": "hello"})
    persist()

    found = bot("GET", "/search?q=hello")

    assert len(found.json["data"]["items"]) == 1
    conforms("GET", "/api/v1/search", found)
