"""The gunicorn worker: one process, one hub of greenlets, one listening socket of its own.

gunicorn 26 and later ship no eventlet worker, and the last one they had neither sent a farewell to
its WebSockets nor told them from requests when it stopped. `gunicorn.conf.py` makes this one answer
to `-k eventlet`.
"""

from __future__ import annotations

import gc
import os
import signal
import time
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # eventlet announces its own retirement
    import eventlet
    from eventlet import greenio, hubs
    from eventlet.wsgi import WSGI_LOCAL

from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.base_async import AsyncWorker

_BEAT = 1.0  # seconds between signs of life to the arbiter
# Seconds we go on accepting when told to stop: at a reload the next worker was only just forked, and
# between our closing and its listening people would be refused.
_HANDOVER = 0.3
_FAREWELL = 4.0  # seconds for the application to tell its clients, and for them to be gone
_MARGIN = 1.5  # seconds of graceful_timeout left for leaving the interpreter
_FILE_BLOCK = 64 * 1024
_GARBAGE = (20_000, 20, 50)  # objects until the young are looked through, and how often the older


class EventletWorker(AsyncWorker):
    """Serves greenlets until told to stop; then leaves within graceful_timeout, as soon as it can.

    A stopping worker accepts no more, calls the application's `extensions["closing"]()` if there is
    one, until `extensions["websockets"]()` says 0, and waits for requests that are being answered.
    It does not wait for idle connections or WebSockets: those never end by themselves.

    A client that takes nothing of its answer for `timeout` seconds gets no more of it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answering = 0  # requests, WebSockets not counted
        self._sockets_open = 0  # WebSockets

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        if cfg.preload_app:
            raise RuntimeError("preload_app cannot be used: patching must follow the fork.")

    def init_process(self) -> None:
        """Runs after the fork, before the application is loaded: the only moment that is neither
        too early nor too late.
        """
        # Until gunicorn does it, the arbiter's handler would swallow the signal.
        signal.signal(signal.SIGTERM, self.handle_exit)
        os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")  # read when psycopg is imported
        if self.cfg.is_ssl:
            os.environ["ENGINE"] = "plain"  # the fast one reads the descriptor itself
        hubs.use_hub()  # the arbiter's epoll must not be shared
        eventlet.monkey_patch()
        greenio.GreenSocket.sendfile = _sendfile
        super().init_process()

    def run(self) -> None:
        # What was made until now stays: looking through it again and again for garbage, and through
        # all connections, holds everybody up for a tenth of a second at a time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        pool = eventlet.GreenPool(self.worker_connections)
        listeners = [greenio.GreenSocket(each.sock) for each in self.sockets]
        acceptors = [eventlet.spawn(self._accept, each, pool) for each in listeners]
        while self.alive:
            self._beat()
        eventlet.sleep(_HANDOVER)
        for acceptor, listener in zip(acceptors, listeners, strict=True):
            acceptor.kill()
            self._accept_the_rest(listener, pool)
            listener.close()
        self._say_goodbye()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        if self.cfg.is_ssl:
            client = ssl_wrap_socket(client, self.cfg)
        elif self._extension("engine") == "fast" and self._upgraded(listener, client, addr):
            return
        super().handle(listener, client, addr)

    def _upgraded(self, listener: Any, client: Any, addr: Any) -> bool:
        """Whether this was a WebSocket's handshake, and all is done. If not, nothing was read."""
        from chatapp.engine import handshake  # noqa: PLC0415 - not in the arbiter

        def wait() -> None:
            with self.timeout_ctx():
                hubs.trampoline(client.fd, read=True)

        try:
            data = handshake.peek(client.fd, wait)
        except OSError:
            return False
        environ = handshake.environ_of(data, addr, listener.getsockname())
        if environ is None:
            return False
        client.fd.recv(len(data))
        environ["gunicorn.socket"] = client
        try:
            client.sendall(b"".join(self.wsgi(environ, handshake.refusal_to(client))))
        except StopIteration:  # it has become a WebSocket
            return True
        except OSError:
            pass
        except Exception:
            self.log.exception("The handshake failed")
        client.close()
        return True

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        if ("UPGRADE", "websocket") in ((name, value.lower()) for name, value in req.headers):
            self._sockets_open += 1
            try:
                return super().handle_request(listener_name, req, sock, addr)
            finally:
                self._sockets_open -= 1
        self._answering += 1
        patience = sock.gettimeout()  # that for the next request is timeout_ctx's business
        sock.settimeout(self.cfg.timeout or None)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:
            self.log.info("%s stopped reading its answer to %s", addr, req.path)
            raise StopIteration from None  # which closes the connection
        finally:
            sock.settimeout(patience)
            self._answering -= 1

    def is_already_handled(self, respiter: Any) -> bool:
        """After a WebSocket the connection is used up: there is no answer to write and no next
        request.
        """
        if getattr(WSGI_LOCAL, "already_handled", False):
            WSGI_LOCAL.already_handled = False
            raise StopIteration
        return bool(super().is_already_handled(respiter))

    def timeout_ctx(self) -> Any:
        return eventlet.Timeout(self.cfg.keepalive or None, False)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        eventlet.spawn(super().handle_quit, sig, frame)  # it sleeps, and a signal handler may not

    def handle_usr1(self, sig: int, frame: FrameType | None) -> None:
        eventlet.spawn(super().handle_usr1, sig, frame)

    def _accept(self, listener: Any, pool: Any) -> None:
        name = _Name(listener.getsockname())
        while True:
            try:
                client, addr = listener.accept()
            except OSError as error:  # out of descriptors, or the client left: neither is the end
                self.log.warning("accept: %s", error)
                eventlet.sleep(0.1)
                continue
            pool.spawn_n(self.handle, name, client, addr)

    def _accept_the_rest(self, listener: Any, pool: Any) -> None:
        """Who already waits in this listener's own queue would be reset when it closes."""
        name = _Name(listener.getsockname())
        listener.setblocking(False)
        while pool.free() > 0:
            try:
                client, addr = listener.accept()
            except OSError:
                return
            pool.spawn_n(self.handle, name, client, addr)

    def _beat(self, longest: float = _BEAT) -> None:
        """Say that we live, then sleep until a signal comes or it is time to say it again."""
        self.notify()
        if self.ppid != os.getppid():
            self.log.info("The arbiter is gone, stopping: %s", self)
            self.alive = False
            return
        with eventlet.Timeout(longest, False):
            hubs.trampoline(self.PIPE[0], read=True)  # gunicorn's signals write a byte here
            os.read(self.PIPE[0], 64)

    def _say_goodbye(self) -> None:
        deadline = time.monotonic() + self.cfg.graceful_timeout - _MARGIN
        closing = self._extension("closing")
        farewell = eventlet.spawn(self._call, closing) if closing else None
        farewell_ends = min(deadline, time.monotonic() + _FAREWELL)
        while time.monotonic() < deadline:
            told, left = farewell is None or farewell.dead, self._websockets()
            is_over = (told and not left) or time.monotonic() > farewell_ends
            if self._answering == 0 and is_over:
                if left:
                    self.log.info("%d clients took no leave (pid: %s)", left, self.pid)
                return
            self.notify()
            eventlet.sleep(0.05)
        self.log.warning("Left %d requests unanswered (pid: %s)", self._answering, self.pid)

    def _websockets(self) -> int:
        """How many are open: those that hold a greenlet, and those that the engine holds."""
        count = self._extension("websockets")
        return self._sockets_open + (count() if count else 0)

    def _extension(self, name: str) -> Any:
        """What the application has for us under this name."""
        return getattr(self.wsgi, "extensions", {}).get(name)

    def _call(self, closing: Callable[[], None]) -> None:
        try:
            closing()
        except Exception:
            self.log.exception("The farewell failed")


class _Name:
    """All that a request asks of the listener it came by, which by then may be closed."""

    def __init__(self, name: Any) -> None:
        self._name = name

    def getsockname(self) -> Any:
        return self._name


def _sendfile(self: Any, file: Any, offset: int = 0, count: int | None = None) -> int:
    """What gunicorn calls for a file: a GreenSocket has none, and the plain one refuses a socket
    that does not block.
    """
    sent = 0
    while count is None or sent < count:
        wanted = _FILE_BLOCK if count is None else min(_FILE_BLOCK, count - sent)
        try:
            block = os.sendfile(self.fileno(), file.fileno(), offset + sent, wanted)
        except BlockingIOError:
            hubs.trampoline(
                self.fd, write=True, timeout=self.gettimeout(), timeout_exc=TimeoutError
            )
            continue
        if block == 0:
            break
        sent += block
    return sent
