"""Rooms and telling them, on a real Socket.IO server with the fast engine in this process."""

from __future__ import annotations

import json
import socket

import eventlet
import pytest
import socketio
from eventlet.greenio import GreenSocket
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from chatapp import engine
from chatapp.engine.fast import Fast
from tests.engine.conftest import Peer, eventually


class Server:
    """What flask_socketio.SocketIO is to the engine, and a way to connect to it."""

    def __init__(self, **options):
        self.server = socketio.Server(
            async_mode="eventlet",
            client_manager=engine.manager(None, fast=True),
            transports=["websocket"],
            always_connect=True,
            async_handlers=False,
            json=engine.json,
            **options,
        )
        Fast(self.server, connect_within=10, unknown_per_address=10).install()
        self.gone = []
        for namespace in ("/", "/other"):
            self.server.on("connect", lambda sid, environ, auth: None, namespace=namespace)
            self.server.on("disconnect", self._disconnected, namespace=namespace)
        self.server.on("double", lambda sid, n: n * 2)
        self.server.on("many", lambda sid: (1, "2"))
        self.server.on("nothing", lambda sid: None)
        self.server.on("boom", lambda sid: 1 / 0)

    def _disconnected(self, sid, reason):
        self.gone.append((sid, reason))

    def connect(self):
        ours, theirs = socket.socketpair()
        environ = {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "EIO=4&transport=websocket",
            "HTTP_UPGRADE": "websocket",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
            "gunicorn.socket": GreenSocket(ours),
        }
        with pytest.raises(StopIteration):
            self.server.eio.handle_request(environ, pytest.fail)
        return Client(theirs)

    @property
    def manager(self):
        return self.server.manager


class Client(Peer):
    def __init__(self, sock):
        super().__init__(sock)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        self.opened = json.loads(self.hear()[1:])
        self.sid = self.enter()

    def enter(self, namespace=""):
        self.say(f"40{namespace}")
        answer = self.hear()
        assert answer.startswith(f"40{namespace}")
        return json.loads(answer[2 + len(namespace) :])["sid"]

    def ask(self, event, *args, number=7):
        self.say(f"42{number}" + json.dumps([event, *args]))
        answer = self.hear()
        assert answer.startswith(f"43{number}")
        return json.loads(answer[2 + len(str(number)) :])


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def three(server):
    return [server.connect() for _ in range(3)]


def test_a_room_hears_and_others_do_not(server, three):
    ada, bob, eve = three
    for each in (ada, bob):
        server.server.enter_room(each.sid, "lobby")
    server.server.emit("said", {"body": "hi"}, to="lobby")
    server.server.emit("bye", to=None)
    assert [each.hear() for each in (ada, bob)] == ['42["said",{"body":"hi"}]'] * 2
    assert [each.hear() for each in three] == ['42["bye"]'] * 3


def test_somebody_can_be_left_out_or_spoken_to_alone(server, three):
    ada, bob, eve = three
    for each in three:
        server.server.enter_room(each.sid, "lobby")
    server.server.emit("said", 1, to="lobby", skip_sid=ada.sid)
    server.server.emit("said", 2, to="lobby", skip_sid=[ada.sid, bob.sid])
    server.server.emit("said", 3, to=ada.sid)
    assert ada.hear() == '42["said",3]'
    assert bob.hear() == '42["said",1]'
    assert [eve.hear(), eve.hear()] == ['42["said",1]', '42["said",2]']


def test_who_is_in_several_rooms_is_told_once(server, three):
    for each in three:
        server.server.enter_room(each.sid, "lobby")
    server.server.enter_room(three[0].sid, "board")
    server.server.emit("said", 1, to=["lobby", "board", three[0].sid])
    server.server.emit("end", to=None)
    assert [each.hear() for each in three] == ['42["said",1]'] * 3
    assert [each.hear() for each in three] == ['42["end"]'] * 3


def test_json_that_is_already_written_goes_out_as_it_is(server, three):
    server.server.emit("said", engine.Fragment('{"a": 1.50}'), to=three[0].sid)
    assert three[0].hear() == '42["said",{"a": 1.50}]'


def test_an_acknowledgement_can_be_asked_for(server, three):
    answers = []
    server.server.emit("how", to=three[0].sid, callback=lambda *said: answers.append(said))
    assert three[0].hear() == '421["how"]'
    three[0].say('431["fine",2]')
    eventually(lambda: answers == [("fine", 2)])


def test_events_are_acknowledged_with_what_was_returned(three):
    assert three[0].ask("double", 21) == [42]
    assert three[0].ask("many") == [1, "2"]
    assert three[0].ask("nothing", number=0) == []
    assert three[0].ask("double", "\ud800") == ["\ud800\ud800"]  # half a pair: browsers send it


def test_a_handler_that_fails_leaves_the_connection_alone(three, caplog):
    three[0].say('421["boom"]')
    assert three[0].ask("double", 1) == [2]
    assert "ZeroDivisionError" in caplog.text


def test_another_namespace_goes_the_stock_way(server, three):
    sid = three[0].enter("/other,")
    server.server.enter_room(sid, "lobby", namespace="/other")
    server.server.emit("said", 1, to="lobby", namespace="/other")
    assert three[0].hear() == '42/other,["said",1]'
    three[0].say("41/other,")
    eventually(lambda: server.gone == [(sid, "client disconnect")])
    assert three[0].ask("double", 1) == [2]


def test_a_closed_room_is_empty(server, three):
    for each in three:
        server.server.enter_room(each.sid, "lobby")
    assert server.manager.get_rooms(three[0].sid, "/") == [three[0].sid, "lobby"]
    server.server.close_room("lobby")
    server.server.leave_room(three[0].sid, "lobby")
    assert server.manager.get_rooms(three[0].sid, "/") == [three[0].sid]
    assert server.manager._members == {}


def test_a_sids_own_room_is_nobody_elses(server, three):
    with pytest.raises(ValueError, match="sid room"):
        server.server.enter_room(three[0].sid, three[1].sid)


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda server, client: client.leave(), "transport close"),
        (lambda server, client: client.say("1"), "client disconnect"),
        (lambda server, client: client.say("41"), "client disconnect"),
        (lambda server, client: server.server.disconnect(client.sid), "server disconnect"),
        (lambda server, client: server.server.eio.disconnect(), "server disconnect"),
    ],
    ids=["without a word", "Engine.IO", "Socket.IO", "sent away", "all sent away"],
)
def test_whoever_goes_leaves_nothing_behind(server, three, leave, reason):
    for each in three:
        server.server.enter_room(each.sid, "lobby")
    leave(server, three[0])
    eventually(lambda: (three[0].sid, reason) in server.gone)
    for each in three:
        each.leave()
    eventually(lambda: not server.server.eio.sockets)
    manager = server.manager
    maps = [manager._members, manager._sids, manager._engine_sids, manager._sessions]
    assert [*maps, manager.rooms, manager.callbacks, server.server.environ] == [{}] * 7
    assert sorted(sid for sid, _ in server.gone) == sorted(each.sid for each in three)


def test_who_does_not_answer_a_ping_is_timed_out():
    server = Server(ping_interval=1, ping_timeout=1)
    quiet, polite = server.connect(), server.connect()
    assert polite.hear() == "2"
    polite.say("3")
    assert quiet.hear() == "2"
    assert quiet.hear_close() == 1000
    eventually(lambda: server.gone == [(quiet.sid, "ping timeout")])
    assert polite.hear() == "2"


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    some.lists(
        some.tuples(
            some.sampled_from(["enter", "leave", "close", "tell"]),
            some.integers(0, 2),
            some.sampled_from(["red", "blue"]),
        ),
        max_size=25,
    )
)
def test_whatever_is_done_with_rooms_the_right_ones_hear(server, three, steps):
    rooms = {"red": set(), "blue": set()}
    expected = {each: [] for each in three}
    for number, (step, who, room) in enumerate(steps):
        client = three[who]
        if step == "enter":
            server.server.enter_room(client.sid, room)
            rooms[room].add(client)
        elif step == "leave":
            server.server.leave_room(client.sid, room)
            rooms[room].discard(client)
        elif step == "close":
            server.server.close_room(room)
            rooms[room].clear()
        else:
            server.server.emit("told", number, to=room)
            expected = {
                each: [*told, f'42["told",{number}]'] if each in rooms[room] else told
                for each, told in expected.items()
            }
        if number % 3 == 0:
            eventlet.sleep(0)
    for each in three:
        assert [each.hear() for _ in expected[each]] == expected[each]
    for room in rooms:
        server.server.close_room(room)
