"""The outermost gate, before both doors: which hosts we answer for, and which proxies we believe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

_WATCHERS = ("/healthz", "/readyz", "/metrics")  # asked by address, from inside


class Gate:
    """Refuses a Host that is not ours: whoever points a name of theirs at us could otherwise read
    with the browser of our people, and have links of ours lead to them.
    """

    def __init__(self, inside: Any, hosts: Iterable[str]) -> None:
        self._inside, self._hosts = inside, {host.lower() for host in hosts}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._answers_for(environ.get("HTTP_HOST", "")) or environ["PATH_INFO"] in _WATCHERS:
            return self._inside(environ, start_response)  # type: ignore[no-any-return]
        refusal = Response("Nothing is served under this name here.\n", 421)
        return refusal(environ, start_response)

    def _answers_for(self, host: str) -> bool:
        """With or without the port."""
        host = host.lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return not self._hosts or host in self._hosts or name in self._hosts


def init_app(app: Flask) -> None:
    """After the doors: what wraps last is asked first."""
    app.wsgi_app = Gate(app.wsgi_app, app.config["ALLOWED_HOSTS"])  # type: ignore[method-assign]
    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops
        )
