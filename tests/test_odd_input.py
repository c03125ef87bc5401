"""What nobody types but somebody sends: every text and every id of every route and every event."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from chatapp.actions import documents, history, members, messages, rooms
from chatapp.store import tables
from chatapp.store.database import reading
from chatapp.views import API, PAGES
from tests.conftest import token_of
from tests.test_tenants import SAID, SENT, Acme, _body

ODD = {
    "nul": "odd\x00one-1",
    "half-a-pair": "odd\ud800one-1",
    "bidi": "\u202eodd\u2066one",
    "key": "}:{s1}:acme:room:x",
    "number": "9" * 30,
    "long": "x" * 4_000,
}
FORMS: dict[str, dict[str, Any]] = {  # that the matrix of tenants leaves empty
    "POST /sign-up": {
        "workspace_name": "New",
        "slug": "new",
        "name": "Nina",
        "email": "n@x.test",
        "password": "long enough",
    }
}


@pytest.fixture
def settings():
    many = ("EVENTS", "CONNECT", "RESUME", "SIGN_IN", "SIGN_UP", "SEND")
    return {f"LIMIT_{name}": 100_000 for name in many} | {"OPEN_SIGN_UP": True}


@pytest.fixture
def mine(app, ada, assistant) -> Acme:
    """Everything that ada may name."""
    board = rooms.create(ada, kind="private", name="board")
    said, _ = messages.send(ada, room_id=board.id, client_id="c-9999999", body="hello")
    study = rooms.create(ada, kind="private", name="study")
    members.add(ada, room_id=study.id, user_ids=[assistant])
    asked, _ = messages.send(ada, room_id=study.id, client_id="c-9999998", body="@assistant?")
    run_id = json.loads(asked)["id"]
    guide = documents.add(ada, name="guide.md", content=b"# Guide")
    none = ("no-session", "no-invitation")
    return Acme("ada", board.id, json.loads(said)["id"], *none, run_id, guide.id, "no-passage")


def _each_odd(sent: dict[str, Any], odd: str) -> list[dict[str, Any]]:
    """What is sent, once for each text in it, with that one odd; and under an odd name."""

    def made_odd(value: Any) -> Any:
        return [odd] if isinstance(value, list) else odd

    if any(isinstance(value, bytes) for value in sent.values()):
        odd = odd.encode(errors="replace").decode()  # a form has no way to send half a pair
    texts = [name for name, value in sent.items() if isinstance(value, str | list)]
    return [{**sent, name: made_odd(sent[name])} for name in texts] + [{**sent, odd: "x"}]


def _odd_paths(path: str, ids: Acme, odd: str) -> list[str]:
    """The path, once for each id in it, with that one odd."""
    shown = quote(odd, errors="replace", safe="")
    return [ids.in_place(path.replace(f"<{name}>", shown)) for name in re.findall(r"<(\w+)>", path)]


@pytest.mark.parametrize("route", API)
def test_no_route_is_at_a_loss_over_what_it_is_sent(mine, api, ada, route):
    bot, answers = api(ada), []
    method, _, path = route.partition(" ")
    sent, here = mine.filled(SENT.get(route, {})), mine.in_place(path)

    for odd in ODD.values():
        if method in ("GET", "DELETE"):
            written = odd.encode(errors="replace").decode()
            fields = ("q", "cursor", "anchor", "before", "after", "revision")
            answers += [bot(method, there) for there in _odd_paths(path, mine, odd)]
            answers += [bot(method, here, query_string={name: written}) for name in fields]
        else:
            answers += [bot(method, there, **_body(sent)) for there in _odd_paths(path, mine, odd)]
            answers += [bot(method, here, **_body(body)) for body in _each_odd(sent, odd)]

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert all("error" in answer.json or answer.json["ok"] for answer in answers)


@pytest.mark.parametrize("route", [route for route in PAGES if route.startswith("POST")])
def test_no_form_is_at_a_loss_either(mine, at_browser, ada, route):
    browser, answers = at_browser(ada), []
    path = route.removeprefix("POST ")
    sent = mine.filled(SENT.get(route) or FORMS.get(route, {}))

    for odd in (odd for odd in ODD.values() if odd.isprintable() or "\x00" in odd):
        answers += [browser.post(there, **sent) for there in _odd_paths(path, mine, odd)]
        answers += [browser.post(mine.in_place(path), **body) for body in _each_odd(sent, odd)]

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


@pytest.mark.parametrize("event", SAID)
def test_no_event_is_at_a_loss_either(mine, connect, ada, event):
    client, said = connect(ada), mine.filled(SAID[event])
    payloads = [each for odd in ODD.values() for each in _each_odd(said, odd)]

    answers = [client.ask_raw(event, each) for each in payloads]
    answers += [client.ask_raw(event, each) for each in (None, [], "x", 5, float("nan"), 10**30)]

    codes = {answer["error"]["code"] for answer in answers if not answer["ok"]}
    assert "internal" not in codes


@pytest.mark.parametrize("kind", ODD)
def test_what_is_acknowledged_can_be_written_down(mine, connect, ada, kind):
    """A client_id, too, or the record would bury what its author saw accepted."""
    odd, client = ODD[kind], connect(ada)
    said = [
        client.ask("message:send", room_id=mine.room_id, client_id=client_id, body=body)
        for client_id, body in ((odd[:60], "hello"), ("c-0000001", f"hello {odd}"))
    ]

    for _ in range(history.MOST_TRIES + 1):
        history.persist_batch(at_most=500)

    with reading() as connection:
        kept = set(connection.execute(select(tables.messages.c.id)).scalars())
        buried = connection.execute(select(tables.dead_letters)).all()
    assert buried == []
    assert {answer["data"]["id"] for answer in said if answer["ok"]} <= kept
    assert said[1]["ok"]


@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"a":' * 20_000, b'{"name":NaN}', b'{"name":' + b"9" * 6_000 + b"}", b"\xff"],
    ids=["deep", "deep-object", "nan", "huge-number", "not-utf-8"],
)
def test_json_of_no_sense_is_refused(app, ada, body):
    answer = app.test_client().patch(
        "/api/v1/me",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of(ada)}"},
    )

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_payload")


@pytest.mark.parametrize(
    "place", ["[" * 3_000, json.dumps(["a", "\x00"]), json.dumps(["\ud800", "a"]), "{}", "7"]
)
def test_a_cursor_nobody_was_given_is_refused(app, ada, api, place):
    cursor = urlsafe_b64encode(place.encode()).decode()

    answer = api(ada)("GET", "/people", query_string={"cursor": cursor})

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_payload")


@pytest.mark.parametrize("seq", [3_000_000_000, 10**30])
def test_looking_back_from_beyond_the_end_is_looking_back_from_the_end(mine, api, ada, seq):
    page = api(ada)("GET", f"/rooms/{mine.room_id}/messages?anchor={seq}").json["data"]

    assert [message["body"] for message in page["messages"]] == ["hello"]
