from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from chatapp.types import Caller


class Visitor:
    """Somebody at a browser, who fills in forms."""

    def __init__(self, app: Flask, password: str) -> None:
        self._browser = app.test_client()
        self._password = password
        self.token = ""

    def get(self, path: str, **kwargs: Any) -> Any:
        answer = self._browser.get(path, **kwargs)
        found = re.search(r'name="csrf[_-]token" (?:value|content)="([^"]+)"', answer.text)
        if found:
            self.token = found[1]
        return answer

    def post(self, path: str, **fields: str) -> Any:
        return self._browser.post(path, data={"csrf_token": self.token, **fields})

    def call(self, method: str, path: str, json: object = None, **headers: str) -> Any:
        """As the page calls the API: with the cookie."""
        return self._browser.open(f"/api/v1{path}", method=method, json=json, headers=headers)

    def sign_in(self, caller: Caller, password: str | None = None) -> Any:
        self.get("/sign-in")
        answer = self.post(
            "/sign-in",
            workspace=caller.tenant_id,
            email=f"{caller.user_id}@{caller.tenant_id}.test",
            password=password or self._password,
        )
        if answer.status_code == 303:
            self.get("/settings")
        return answer

    def cookie(self) -> str:
        found = self._browser.get_cookie("session")
        return found.value if found else ""


@pytest.fixture
def visitor(app: Flask, password: str) -> Visitor:
    return Visitor(app, password)


@pytest.fixture
def at_browser(app: Flask, password: str):
    """at_browser(ada): ada, signed in at a browser of her own."""

    def sit(caller: Caller) -> Visitor:
        someone = Visitor(app, password)
        assert someone.sign_in(caller).status_code == 303
        return someone

    return sit
