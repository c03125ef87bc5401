"""What belongs to others does not exist: every route and every event × (other tenant, other room,
anonymous, an ended session, a closed account).

The rule is one: asked for something of others, both doors answer exactly as for something that never
was, tell nothing and change nothing. A route or an event without a case here fails the first test.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update

from chatapp.actions import (
    assistant_settings,
    delivery,
    documents,
    history,
    invitations,
    members,
    messages,
    people,
    rooms,
)
from chatapp.actions import control as deeds
from chatapp.sockets import EVENTS
from chatapp.store import control, passages, runs, sessions, tables
from chatapp.store import documents as documents_read
from chatapp.store.database import reading, writing
from chatapp.types import Room
from chatapp.views import API, PAGES
from tests.conftest import token_of

CANARY = "canary"  # in everything that acme has and nobody else may see

# What to send, where something must be sent: "<user_id>" and the like become ids. A page's is a form.
SENT: dict[str, dict[str, Any]] = {
    "PATCH /me": {"name": "Malory"},
    "POST /me/password": {"current": "not hers", "new": "a long enough one"},
    "PATCH /people/<user_id>": {"disabled": True},
    "POST /invitations": {},
    "POST /rooms": {"kind": "direct", "member_ids": ["<user_id>"]},
    "PATCH /rooms/<room_id>": {"name": "Taken"},
    "POST /rooms/<room_id>/members": {"user_ids": ["<user_id>"]},
    "PATCH /rooms/<room_id>/members/<user_id>": {"role": "member"},
    "POST /rooms/<room_id>/messages": {"client_id": "c-0000001", "body": "boo"},
    "PUT /rooms/<room_id>/read": {"seq": 1},
    "PATCH /messages/<message_id>": {"body": "boo", "revision": 1},
    "DELETE /messages/<message_id>": {"revision": 1},
    "POST /documents": {"file": b"# Mine"},
    "PUT /documents/<document_id>": {"file": b"# Mine"},
    "PATCH /assistant": {"system_prompt": "boo"},
    "POST /admin/assistant": {"provider": "librarian"},
    "POST /admin/assistant/meaning": {"find_by_meaning": "false"},
    "POST /admin/assistant/budgets": {"workspace": "1.00"},
    "POST /admin/assistant/people": {"email": "ada@acme.test", "person_monthly": "1.00"},
    "POST /admin/assistant/rooms": {"name": "board", "room_monthly": "1.00"},
    "POST /sign-in": {"workspace": "acme", "email": "ada@acme.test", "password": "wrong"},
    "POST /settings/name": {"name": "Malory"},
    "POST /settings/password": {"current": "not hers", "new": "a long enough one"},
    "POST /admin/people/<user_id>": {"disabled": "true"},
    "POST /admin/invitations": {"role": "member"},
    "POST /admin/knowledge": {"file": b"# Mine"},
    "POST /admin/knowledge/<document_id>": {"file": b"# Mine"},
    "POST /admin/rooms/<room_id>": {"name": "Taken"},
    "POST /admin/rooms/<room_id>/members": {"email": "mallory@rival.test"},
}
NOTHING_TO_SEND = {
    *(route for route in (*API, *PAGES) if route.startswith("GET ")),
    "DELETE /sessions/<session_id>",
    "DELETE /sessions",
    "DELETE /invitations/<invitation_id>",
    "POST /rooms/<room_id>/archive",
    "POST /rooms/<room_id>/join",
    "POST /rooms/<room_id>/leave",
    "DELETE /rooms/<room_id>/members/<user_id>",
    "DELETE /documents/<document_id>",
    "POST /sign-out",
    "POST /sign-up",
    "POST /invitations/<token>",
    "POST /settings/sessions/<session_id>/revoke",
    "POST /settings/sessions/revoke",
    "POST /admin/invitations/<invitation_id>/revoke",
    "POST /admin/assistant/people/<user_id>/remove",
    "POST /admin/assistant/rooms/<room_id>/remove",
    "POST /admin/rooms/<room_id>/archive",
    "POST /admin/knowledge/<document_id>/remove",
    "POST /admin/rooms/<room_id>/members/<user_id>/remove",
}
# For everybody: they say nothing about anyone, or what the holder of a link may know.
PUBLIC = {
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "GET /sign-up",
    "POST /sign-up",
    "GET /invitations/<token>",
    "POST /invitations/<token>",
    "GET /api/v1/openapi.json",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
}
# The same page for every id: whether there is such a room the socket says.
SHELL = ("page", "GET /rooms/<room_id>")

# What to say over the socket; connect and disconnect say nothing of anybody's things.
SAID: dict[str, dict[str, Any]] = {
    "room:follow": {"room_ids": ["<room_id>"]},
    "room:resume": {"room_id": "<room_id>"},
    "room:leave": {"room_id": "<room_id>"},
    "room:read": {"room_id": "<room_id>", "seq": 1},
    "message:send": {"room_id": "<room_id>", "client_id": "c-0000001", "body": "boo"},
    "message:edit": {"message_id": "<message_id>", "body": "boo", "revision": 1},
    "message:remove": {"message_id": "<message_id>", "revision": 1},
    "typing:start": {"room_id": "<room_id>"},
    "typing:stop": {"room_id": "<room_id>"},
    "presence:set": {"state": "away"},
    "assistant:ask": {"room_id": "<room_id>", "client_id": "c-0000002", "body": "boo"},
    "assistant:watch": {"room_id": "<room_id>"},
    "assistant:resume": {"run_id": "<run_id>", "offset": 0},
    "assistant:cancel": {"run_id": "<run_id>"},
    "assistant:retry": {"run_id": "<run_id>"},
}

# These answer the same whatever is named: by what is left out of a list, or not at all.
TELLS_NOTHING = {"room:follow", "room:leave", "typing:start", "typing:stop", "presence:set"}

ROUTES = [("api", route) for route in API] + [("page", route) for route in PAGES]


def test_every_route_and_every_event_has_its_case():
    assert set(SENT) | NOTHING_TO_SEND == set(API) | set(PAGES)
    assert not set(SENT) & NOTHING_TO_SEND
    assert set(PUBLIC) <= set(PAGES)
    assert SHELL in ROUTES
    assert set(SAID) | {"connect", "disconnect"} == set(EVENTS)


class Acme(NamedTuple):
    """What there is to find."""

    user_id: str
    room_id: str
    message_id: str
    session_id: str
    invitation_id: str
    run_id: str
    document_id: str
    passage_id: str
    token: str = "no-such-token"  # a link of an invitation is for whoever holds it

    def in_place(self, text: str) -> str:
        return re.sub(r"<(\w+)>", lambda found: getattr(self, found[1]), text)

    def filled(self, what: dict[str, Any]) -> dict[str, Any]:
        def fill(value: Any) -> Any:
            if isinstance(value, list):
                return [fill(one) for one in value]
            return self.in_place(value) if isinstance(value, str) else value

        return {name: fill(value) for name, value in what.items()}


NEVER_WAS = Acme(*["never-was"] * 8)


@pytest.fixture
def acme(app, ada, bob, assistant) -> Acme:
    """A private room of ada's, with everything in it that one could be curious about."""
    board = rooms.create(ada, kind="private", name=f"{CANARY} board", topic=f"{CANARY} topic")
    said, _ = messages.send(ada, room_id=board.id, client_id="c-9999999", body=f"{CANARY} body")
    invited, _ = invitations.create(ada, email=f"{CANARY}@acme.test")
    members.add(ada, room_id=board.id, user_ids=[assistant])
    asked, _ = messages.send(ada, room_id=board.id, client_id="c-9999998", body="@assistant?")
    run_id = json.loads(asked)["id"]
    assert runs.open_in(Room("acme", board.id))
    allowed = [("person", "", 1_000_000), ("room", board.id, 1_000_000)]
    assistant_settings.change(ada, system_prompt="Be brief.", allowed=allowed)
    guide = documents.add(ada, name=f"{CANARY}.md", content=f"# {CANARY}\n\nwords".encode())
    claimed, _ = documents_read.claim("acme", guide.id)
    documents_read.keep(claimed, 0, [("", f"{CANARY} words", 0)])
    documents_read.serve(claimed, 1)
    (passage,) = passages.search("acme", room_ids=[], words="words", at_most=9)
    message_id = json.loads(said)["id"]
    return Acme(
        "ada", board.id, message_id, ada.session_id, invited.id, run_id, guide.id, passage.id
    )


def _body(sent: dict[str, Any]) -> dict[str, Any]:
    """As JSON; as a form when there is a file in it."""
    files = {
        name: (BytesIO(content), "mine.md")
        for name, content in sent.items()
        if isinstance(content, bytes)
    }
    return {"data": {**sent, **files}} if files else {"json": sent}


def _ask(asker, door: str, route: str, ids: Acme) -> tuple[int, str]:
    """(status, body) but for what differs between any two answers."""
    method, _, path = route.partition(" ")
    path, sent = ids.in_place(path), ids.filled(SENT.get(route, {}))
    if door == "page":
        answer = (
            asker.get(path)
            if method == "GET"
            else asker.post(path, **_body(sent).get("data", sent))
        )
        told = f"{answer.location} {answer.text}"
    elif method == "DELETE":
        answer = asker.call(method, path, query_string=sent, **{"X-CSRF-Token": asker.token})
        told = answer.text
    else:
        body = {} if method == "GET" else _body(sent)
        answer = asker.call(method, path, **body, **{"X-CSRF-Token": asker.token})
        told = answer.text
    told = re.sub(r'"request_id":"\w+"|(?:value|content)="[\w.-]{60,}"', "", told)
    for id_ in sorted(ids, key=len, reverse=True):  # "ada" may be part of a hexadecimal one
        told = told.replace(id_, "<id>")
    return answer.status_code, told


def _belongings() -> dict[str, Any]:
    """Every row of acme, but when somebody was last seen."""
    found: dict[str, Any] = {}
    with reading() as connection:
        for table in (
            tables.users,
            tables.sessions,
            tables.invitations,
            tables.rooms,
            tables.runs,
            tables.documents,
            tables.passages,
            tables.assistants,
            tables.budgets,
        ):
            columns = [column for column in table.c if column.name != "last_seen_at"]
            query = select(*columns).where(table.c.workspace_id == "acme")
            found[table.name] = sorted(map(tuple, connection.execute(query)))
        query = select(tables.memberships).where(tables.memberships.c.workspace_id == "acme")
        found["memberships"] = sorted(map(tuple, connection.execute(query)))
    return found


@pytest.mark.parametrize(("door", "route"), ROUTES)
def test_another_tenant_finds_nothing(acme, at_browser, mallory, door, route):
    asker, before = at_browser(mallory), _belongings()

    theirs = _ask(asker, door, route, acme)

    assert CANARY not in theirs[1]
    assert _belongings() == before
    if "<" in f"{route} {SENT.get(route)}":
        assert theirs == _ask(asker, door, route, NEVER_WAS)
    if "<" in route and door == "api":
        assert theirs[0] == 404


@pytest.mark.parametrize("role", ["member", "admin"])
@pytest.mark.parametrize(
    ("door", "route"), [one for one in ROUTES if re.search("<(room|message)_id>", one[1])]
)
def test_a_room_one_is_not_in_is_not_there(acme, at_browser, person, door, route, role):
    """Not even for an administrator of the workspace: it is private."""
    asker, before = at_browser(person("carol", role=role)), _belongings()

    theirs, nothing = _ask(asker, door, route, acme), _ask(asker, door, route, NEVER_WAS)

    assert theirs == nothing
    assert CANARY not in theirs[1]
    assert _belongings() == before
    if door == "api":
        assert theirs[0] == 404


@pytest.mark.parametrize(("door", "route"), ROUTES)
def test_a_stranger_is_asked_to_sign_in(acme, visitor, door, route):
    before = _belongings()
    visitor.get("/sign-in")

    if door == "api":
        method, _, path = route.partition(" ")
        answer = visitor.call(method, acme.in_place(path), **{"X-CSRF-Token": visitor.token})
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")
    else:
        status, told = _ask(visitor, door, route, acme)
        assert CANARY not in told
        if route not in PUBLIC:
            assert status == (302 if route.startswith("GET") else 401)
    assert _belongings() == before


def _end(ada, how: str) -> None:
    """ada's sessions, or her account: each alone must be enough."""
    if how == "revoked":
        sessions.revoke_all("acme", "ada")
    else:
        with writing() as connection:
            gone = update(tables.users).where(tables.users.c.id == "ada")
            connection.execute(gone.values(disabled_at=datetime.now(UTC)))


@pytest.mark.parametrize(
    ("how", "answer"), [("revoked", (401, "not_signed_in")), ("closed", (403, "blocked"))]
)
def test_who_had_a_session_finds_nothing_that_was_theirs(acme, at_browser, api, ada, how, answer):
    """By cookie, with the token of the page, and by bearer token."""
    browser, bot = at_browser(ada), api(ada)
    _end(ada, how)
    before, wrong = _belongings(), []

    for route in API:
        method, _, path = route.partition(" ")
        there, sent = acme.in_place(path), acme.filled(SENT.get(route, {}))
        bodies = [{} if method in ("GET", "DELETE") else _body(sent) for _ in range(2)]
        for found in (
            browser.call(method, there, **bodies[0], **{"X-CSRF-Token": browser.token}),
            bot(method, there, **bodies[1]),
        ):
            if (found.status_code, found.json["error"]["code"]) != answer or CANARY in found.text:
                wrong.append((route, found.text))
    for route in set(PAGES) - PUBLIC:
        status, told = _ask(browser, "page", route, acme)
        if status not in (302, answer[0]) or CANARY in told:
            wrong.append((route, told))

    assert wrong == []
    assert _belongings() == before


def test_everything_is_there_for_who_it_belongs_to(acme, at_browser, ada, persist):
    """Else the others would find nothing because nobody does."""
    browser = at_browser(ada)
    persist()

    for route in (
        "GET /rooms/<room_id>",
        "GET /rooms/<room_id>/messages",
        "GET /rooms/<room_id>/export",
        "GET /rooms/<room_id>/export?format=markdown",
        f"GET /search?q={CANARY}",
        "GET /invitations",
        "GET /documents",
        "GET /documents/<document_id>",
        "GET /passages/<passage_id>",
    ):
        path = acme.in_place(route.removeprefix("GET "))
        assert CANARY in browser.call("GET", path).text
    assert CANARY in browser.get(f"/admin/rooms/{acme.room_id}").text
    assert CANARY in browser.get(f"/admin/knowledge/{acme.document_id}").text


# --- the socket ----------------------------------------------------------------------------------


@pytest.fixture
def strangers(acme, connect, ada, mallory, person):
    """Connected, and not in the room: of another tenant, a member, an administrator of acme, and
    one who was in the room until a moment ago.
    """
    carol, dora, erin = person("carol"), person("dora", role="admin"), person("erin")
    delivery.deliver(wait=1)
    members.add(ada, room_id=acme.room_id, user_ids=["erin"])
    former = connect(erin)
    assert former.ask("room:resume", room_id=acme.room_id)["ok"]
    members.remove(ada, room_id=acme.room_id, user_id="erin")
    while delivery.deliver(wait=1):
        pass
    assert former.heard("member:joined") and former.heard("member:left")
    return [connect(mallory), connect(carol), connect(dora), former]


@pytest.fixture
def deliver(acme):
    """Tell everybody what the logs say by now."""
    delivery.deliver(wait=1)  # stands at their ends from here on

    def run() -> None:
        while delivery.deliver(wait=1):
            pass

    return run


def _tell(asker, event: str, ids: Acme) -> str:
    """The acknowledgement, and what else was said, but for what differs between any two."""
    acknowledged = asker.ask(event, **ids.filled(SAID[event]))
    told = f"{acknowledged} {asker.heard('error')}"
    told = re.sub(r"'request_id': '\w*'", "", told)
    for id_ in sorted(ids, key=len, reverse=True):  # "ada" may be part of a hexadecimal one
        told = told.replace(id_, "<id>")
    return told


@pytest.mark.parametrize("event", SAID)
def test_over_the_socket_it_is_not_there_either(acme, strangers, connect, ada, event):
    insider, before = connect(ada), _belongings()
    insider.ask("room:resume", room_id=acme.room_id)

    for stranger in strangers:
        theirs = _tell(stranger, event, acme)
        assert theirs == _tell(stranger, event, NEVER_WAS)
        assert CANARY not in theirs
        assert "_found" in theirs or event in TELLS_NOTHING

    assert _belongings() == before
    assert insider.heard("typing:started") == []
    assert insider.heard("read:moved") == []


def test_nothing_of_a_room_is_heard_by_who_is_not_in_it(acme, strangers, connect, deliver, ada):
    insider = connect(ada)
    insider.ask("room:resume", room_id=acme.room_id)
    for stranger in strangers:
        for event in SAID.keys() - {"room:leave"}:  # who was in the room must not have to say so
            stranger.ask(event, **acme.filled(SAID[event]))

    messages.send(ada, room_id=acme.room_id, client_id="c-8888888", body=f"{CANARY} again")
    insider.say("typing:start", room_id=acme.room_id)
    rooms.change(ada, room_id=acme.room_id, topic=f"{CANARY} new")
    deliver()

    assert len(insider.heard("message:created")) == 1
    for stranger in strangers:
        assert CANARY not in str(stranger.everything())
        assert acme.room_id not in str(stranger.everything())


@pytest.mark.parametrize("how", ["revoked", "closed"])
def test_who_had_a_session_is_not_let_in_again(acme, app, ada, how):
    token = token_of(ada)
    _end(ada, how)

    client = app.extensions["socketio"].test_client(app, auth={"token": token})

    assert not client.is_connected()


class TestSecretsOfAWorkspace:
    """Whatever acme does, and whatever mallory asks meanwhile."""

    @pytest.fixture
    def settings(self):
        return {"LOG_LEVEL": "debug"}

    def test_another_one_hears_and_finds_nothing_of_them_and_the_log_tells_none(
        self, acme, connect, at_browser, deliver, ada, bob, mallory, capsys
    ):
        eve, browser = connect(mallory), at_browser(mallory)
        alice = connect(ada)
        control.hear(block_ms=1)
        eve.everything()

        people.rename(ada, name=f"{CANARY} Ada")
        assistant_settings.change(ada, system_prompt=f"{CANARY} prompt")
        people.create(
            ada, email=f"{CANARY}@x.test", name=f"{CANARY} X", role="member", password=CANARY * 2
        )
        public = rooms.create(ada, kind="public", name=f"{CANARY} square", topic=CANARY)
        rooms.create(ada, kind="direct", member_ids=["bob"])
        members.add(ada, room_id=acme.room_id, user_ids=["bob"])
        for event in SAID.keys() - {"room:leave"}:
            alice.ask(event, **acme.filled(SAID[event]))
        messages.send(ada, room_id=public.id, client_id="c-7777777", body=f"{CANARY} @bob")
        rooms.archive(ada, room_id=public.id)
        for message in control.hear(block_ms=1):
            deeds.obey(message)
        deeds.verify(wait=0)
        deliver()
        while history.persist_batch(at_most=500):
            pass
        alice.close()

        assert alice.heard("message:created")
        assert alice.heard("person:changed")
        assert [
            told for told in eve.everything() if told["args"][0].get("user_id") != "mallory"
        ] == []
        for path in (
            "/people",
            "/rooms",
            "/rooms/browse",
            "/sessions",
            "/invitations",
            "/documents",
            "/assistant",
            "/search",
        ):
            for question in ({}, {"q": CANARY[:4]}):
                sought = question if path in ("/people", "/rooms/browse", "/search") else {}
                assert CANARY not in browser.call("GET", path, query_string=sought).text
        for path in (
            "/admin/people?q=cana",
            "/admin/rooms?q=cana",
            "/admin/knowledge",
            "/metrics",
            "/readyz",
        ):
            assert CANARY not in browser.get(path).text
        assert CANARY not in capsys.readouterr().err


@pytest.mark.parametrize("token", ["", "nonsense", None])
def test_without_a_session_nobody_is_let_in(acme, app, token):
    client = app.extensions["socketio"].test_client(app, auth={"token": token})

    assert not client.is_connected()
