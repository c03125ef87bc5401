"""One's own account: name, password, sessions."""

from __future__ import annotations

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from chatapp import auth
from chatapp.actions import people, sessions
from chatapp.errors import ChatError
from chatapp.schemas.http import ChangePassword, RenameMe
from chatapp.types import Caller
from chatapp.views import forms


def show() -> ResponseReturnValue:
    return render_template("settings.html", filled={}, details={}, **_context(auth.caller()))


def rename() -> ResponseReturnValue:
    caller = auth.caller()
    try:
        people.rename(caller, name=forms.read(RenameMe)["name"])
    except ChatError as error:
        return forms.again("settings.html", error, **_context(caller))
    return forms.done("You have a new name.", url_for("settings.show"))


def change_password() -> ResponseReturnValue:
    caller = auth.caller()
    try:
        people.change_password(caller, **forms.read(ChangePassword))
    except ChatError as error:
        return forms.again("settings.html", error, **_context(caller))
    return forms.done(
        "Your password is changed. Everywhere else you are signed out.", url_for("settings.show")
    )


def revoke_session(session_id: str) -> ResponseReturnValue:
    sessions.revoke(auth.caller(), session_id=session_id)
    return forms.done("The session is ended.", url_for("settings.show"))


def revoke_other_sessions() -> ResponseReturnValue:
    sessions.revoke_others(auth.caller())
    return forms.done("Everywhere else you are signed out.", url_for("settings.show"))


def _context(caller: Caller) -> dict[str, object]:
    user, _, workspace = people.me(caller)
    return {
        "me": caller,
        "user": user,
        "workspace": workspace,
        "sessions": sessions.mine(caller),
        "password_min": current_app.config["PASSWORD_MIN"],
    }
