"""Our gunicorn worker, as a process: how it serves, and how it leaves."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import http.client
import os
import signal
import socket
import time
from pathlib import Path

import pytest
import websocket

from tests.conformance.served import Served
from tests.live.system import eventually

pytestmark = pytest.mark.live


@pytest.fixture
def serve(tmp_path):
    with contextlib.ExitStack() as running:
        yield lambda workers=1, **settings: running.enter_context(
            Served(tmp_path / "log", "eventlet", workers, **settings)
        )


@pytest.fixture
def connect():
    """connect(server): a Socket.IO client in the main namespace."""
    with contextlib.ExitStack() as open_sockets:

        def connect(server):
            ws = websocket.create_connection(
                f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket", timeout=10
            )
            open_sockets.callback(ws.shutdown)
            ws.recv()
            ws.send("40")
            assert ws.recv().startswith("40")
            assert ws.recv() == '42["auth",{}]'
            return ws

        yield connect


def worker_pids(server):
    return [
        int(pid)
        for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        .read_text()
        .split()
    ]


def test_connections_are_spread_over_the_workers(serve):
    server = serve(workers=4)
    eventually(lambda: len({server.get("/pid") for _ in range(20)}) == 4, within=10)
    landed = collections.Counter(server.get("/pid") for _ in range(120))
    assert min(landed.values()) >= 10


def test_a_file_arrives_whole(serve, tmp_path):
    """gunicorn sends it with sendfile, which a green socket does not have by itself."""
    big = tmp_path / "big"
    big.write_bytes(os.urandom(3 << 20))
    with socket.create_connection(("127.0.0.1", serve(FILE=str(big)).port), 10) as slow:
        slow.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = bytearray()
        while piece := slow.recv(10_000):
            answer += piece
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == big.read_bytes()


@pytest.mark.parametrize("path", ["/endless", "/file"])
def test_an_answer_that_nobody_reads_is_given_up(serve, tmp_path, path):
    """Each would hold its page, and its place in the worker, for as long as somebody likes."""
    big = tmp_path / "big"
    big.write_bytes(bytes(64 << 20))  # more than any buffer on the way holds
    server = serve(FILE=str(big), GUNICORN_CMD_ARGS="--timeout 3")
    with socket.create_connection(("127.0.0.1", server.port), 10) as reader:
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert reader.recv(12) == b"HTTP/1.1 200"
        (worker,) = worker_pids(server)

        eventually(lambda: "stopped reading" in server.log.read_text(), within=15)

        assert server.get("/asked") == ""
        assert worker_pids(server) == [worker]


def test_who_reads_slowly_gets_all_of_it_and_may_ask_again(serve, tmp_path):
    """It takes longer than somebody who reads nothing is waited for; so may the next request."""
    big = tmp_path / "big"
    big.write_bytes(os.urandom(16 << 20))
    server = serve(FILE=str(big), GUNICORN_CMD_ARGS="--timeout 3 --keep-alive 20")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/file")
        answer, said, began = connection.getresponse(), bytearray(), time.monotonic()
        while piece := answer.read(2 << 20):
            said += piece
            time.sleep(0.7)  # a slow line
        assert said == big.read_bytes()
        assert time.monotonic() - began > 4
        time.sleep(4)
        connection.request("GET", "/pid")
        assert connection.getresponse().read()


def test_a_stopping_worker_says_goodbye_and_leaves_in_seconds(serve, connect):
    server = serve()
    clients = [connect(server) for _ in range(20)]
    with socket.create_connection(("127.0.0.1", server.port), 5) as idle:
        idle.sendall(b"GET /pid HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1024).startswith(b"HTTP/1.1 200")
        server.process.terminate()
        for client in clients:
            assert client.recv() == '42["server:closing",{"delay":0}]'
            opcode, _ = client.recv_data(control_frame=True)
            while opcode == websocket.ABNF.OPCODE_TEXT:  # Socket.IO's and Engine.IO's own
                opcode, _ = client.recv_data(control_frame=True)
            assert opcode == websocket.ABNF.OPCODE_CLOSE
            client.close()
        assert server.stop() < 5


@pytest.mark.parametrize("engine", ["fast", "plain"])
def test_clients_that_ignore_the_goodbye_do_not_hold_it_up(serve, connect, engine):
    server = serve(ENGINE=engine)
    clients = [connect(server) for _ in range(5)]
    assert server.stop() < 9
    # The fast one lets go by itself of whoever does not answer within a second.
    held_on = "5 clients took no leave" in server.log.read_text()
    assert held_on == (engine == "plain")
    assert all(client.connected for client in clients)  # they never looked


def test_a_request_being_answered_is_finished_first(serve):
    server = serve()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(server.get, "/slow?seconds=3")
        eventually(lambda: "slow" in server.get("/asked"), within=5)
        took = server.stop()
        assert answer.result() == "done"
    assert 1 < took < 7


def test_a_request_that_never_ends_is_not_waited_for(serve):
    server = serve()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(server.get, "/slow?seconds=60")
        eventually(lambda: "slow" in server.get("/asked"), within=5)
        assert server.stop() < 12
        with pytest.raises(OSError):
            answer.result()


def test_a_worker_that_was_killed_is_replaced(serve):
    server = serve()
    (first,) = worker_pids(server)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: worker_pids(server) not in ([], [first]), within=10)
    eventually(lambda: _answers(server), within=10)


def test_a_worker_whose_arbiter_was_killed_says_goodbye_too(serve, connect):
    server = serve()
    client = connect(server)
    (worker,) = worker_pids(server)
    server.process.kill()
    assert client.recv() == '42["server:closing",{"delay":0}]'
    client.close()
    eventually(lambda: not Path(f"/proc/{worker}").exists(), within=10)


def test_reloading_replaces_the_worker_and_says_goodbye(serve, connect):
    server = serve()
    client = connect(server)
    before = server.get("/pid")
    server.process.send_signal(signal.SIGHUP)
    assert client.recv() == '42["server:closing",{"delay":0}]'
    client.close()
    eventually(lambda: server.get("/pid") != before, within=10)


def test_an_upgrade_request_that_ends_badly_leaves_nothing_behind(serve, connect):
    """A handshake cut short by the client must not count as a connection for ever."""
    server = serve()
    for _ in range(5):
        connect(server).shutdown()
    server.stop()
    assert "took no leave" not in server.log.read_text()


def test_counters_of_the_dead_are_swept_away(serve):
    server = serve()
    counters = Path("/dev/shm") / f"chat-metrics-{server.process.pid}"
    assert counters.is_dir()
    server.process.kill()
    server.process.wait()
    assert counters.is_dir()
    serve()
    assert not counters.exists()


def _answers(server):
    with contextlib.suppress(OSError):
        return server.get("/pid")
