"""The chat itself: one page, on which the browser draws everything."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from chatapp import auth


def show() -> ResponseReturnValue:
    auth.caller()
    return render_template("app.html")


def show_room(room_id: str) -> ResponseReturnValue:
    """The same page: whether there is such a room, the socket says, to this person."""
    return show()
