"""The published protocol, the table of events, the bus and the browser's types say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatapp import errors, schemas
from chatapp.sockets import EVENTS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/protocol.md").read_text()
TYPESCRIPT = (ROOT / "frontend/protocol.ts").read_text()
BUS = (ROOT / "chatapp/bus.py").read_text()
SAYING = [*(ROOT / "chatapp/actions").glob("*.py"), ROOT / "chatapp/store/drafts.py"]
RECORD = "".join(path.read_text() for path in SAYING)

EVENT = re.compile(r"^\| `([a-z]+(?::[a-z]+)?)` \|", re.MULTILINE)


def published(heading):
    """The events in the tables under a heading of docs/protocol.md."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(EVENT.findall(section))


def typed(interface):
    """The events that an interface of frontend/protocol.ts has, in all its parts."""
    parts = TYPESCRIPT.split(f"export interface {interface} {{")[1:]
    body = "".join(part.split("\n}")[0] for part in parts)
    return set(re.findall(r'^  "?([a-z]+(?::[a-z]+)?)"?:', body, re.MULTILINE))


def test_every_event_a_client_may_send_is_published_and_typed():
    offered = set(EVENTS) - {"connect", "disconnect"}

    assert published("Client → server") == offered
    assert typed("Requests") == offered


def test_every_event_the_server_says_is_published_and_typed():
    ephemeral = set(re.findall(r'_emit\(\s*"([a-z:]+)"', BUS))
    durable = set(re.findall(r'"((?:message|member|room):[a-z]+)"', RECORD))

    assert published("Server → client") == ephemeral | durable
    assert typed("ServerEvents") == ephemeral | durable


REQUESTS = {
    "room:follow": schemas.FollowRooms,
    "room:resume": schemas.ResumeRoom,
    "room:leave": schemas.LeaveRoom,
    "room:read": schemas.ReadRoom,
    "message:send": schemas.SendMessage,
    "message:edit": schemas.EditMessage,
    "message:remove": schemas.RemoveMessage,
    "typing:start": schemas.StartTyping,
    "typing:stop": schemas.StopTyping,
    "presence:set": schemas.SetPresence,
    "assistant:ask": schemas.AskAssistant,
    "assistant:watch": schemas.WatchRuns,
    "assistant:resume": schemas.ResumeRun,
    "assistant:cancel": schemas.CancelRun,
    "assistant:retry": schemas.RetryRun,
}


@pytest.mark.parametrize("event", REQUESTS)
def test_the_fields_of_a_request_are_those_of_its_schema(event):
    (row,) = re.findall(rf"^\| `{event}` \| ([^|]+) \|", PAGE, re.MULTILINE)
    told = {
        name.strip(" `?,"): "?" in name for name in re.findall(r"[a-z_]+\??", row.split(" (")[0])
    }
    fields = REQUESTS[event]().fields

    assert {name: not field.required for name, field in fields.items()} == told


def test_every_error_code_is_published_with_its_status():
    def tree(kind):
        return [kind, *(child for sub in kind.__subclasses__() for child in tree(sub))]

    told = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \| (yes|no)", PAGE, re.MULTILINE)
    kinds = [kind for kind in tree(errors.ChatError) if kind.__module__ == errors.__name__]
    known = {(kind.code, str(kind.status), "yes" if kind.retryable else "no") for kind in kinds}

    assert set(told) == known
