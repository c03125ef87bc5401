"""Signing in and out, and coming in for the first time."""

from __future__ import annotations

from contextlib import suppress

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chatapp import auth
from chatapp.actions import invitations, sessions, workspaces
from chatapp.errors import Busy, ChatError, NotFound, NotSignedIn, TooFast
from chatapp.schemas.forms import AcceptInvitation, SignIn, SignUp
from chatapp.types import Session, User
from chatapp.views import forms


def sign_in() -> ResponseReturnValue:
    return render_template("sign-in.html", filled=request.args, details={}, **_sign_in_context())


def enter() -> ResponseReturnValue:
    try:
        given = forms.read(SignIn)
        session = sessions.sign_in(
            slug=given["workspace"].strip().lower(),
            email=given["email"].strip(),
            password=given["password"],
            **_visitor(),
        )
    except ChatError as error:
        return forms.again("sign-in.html", error, **_sign_in_context())
    _let_in(session)
    return redirect(safe(request.form.get("next")), 303)


def leave() -> ResponseReturnValue:
    """Also for who is signed out already. When ending the session fails, the cookie stays, so that
    trying again can end it.
    """
    with suppress(NotSignedIn):
        sessions.sign_out(auth.departing())
    auth.forget()
    return redirect(url_for("entrance.sign_in"), 303)


def sign_up() -> ResponseReturnValue:
    _sign_up_is_open()
    return render_template("sign-up.html", filled={}, details={}, **_new_account())


def found() -> ResponseReturnValue:
    """A new workspace, and in at once."""
    _sign_up_is_open()
    try:
        given = forms.read(SignUp)
        _, owner = workspaces.sign_up(**given, address=_visitor()["address"])
    except ChatError as error:
        return forms.again("sign-up.html", error, **_new_account())
    return _welcome(owner)


def invitation(token: str) -> ResponseReturnValue:
    offer, workspace = invitations.look(token)
    filled = {"email": offer.email or ""}
    return render_template(
        "invitation.html",
        invitation=offer,
        workspace=workspace,
        filled=filled,
        details={},
        **_new_account(),
    )


def accept(token: str) -> ResponseReturnValue:
    try:
        given = forms.read(AcceptInvitation)
        user = invitations.accept(token=token, address=_visitor()["address"], **given)
    except (NotFound, TooFast):
        raise
    except ChatError as error:
        offer, workspace = invitations.look(token)
        return forms.again(
            "invitation.html", error, invitation=offer, workspace=workspace, **_new_account()
        )
    return _welcome(user)


def safe(target: str | None) -> str:
    """Where to go on: a path of ours, never somebody else's page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return "/" if any(ord(c) < 32 for c in target) else target


def _welcome(user: User) -> ResponseReturnValue:
    _let_in(sessions.begin(user, **_visitor()))
    return redirect("/", 303)


def _let_in(session: Session) -> None:
    """The session that this browser had until now, whosever it was, ends: nobody would see to it.
    When Redis is away the other workers find out by themselves.
    """
    with suppress(NotSignedIn, Busy):
        sessions.sign_out(auth.departing())
    auth.remember(session)


def _visitor() -> dict[str, str]:
    return {
        "address": request.remote_addr or "",
        "user_agent": request.headers.get("User-Agent", ""),
    }


def _sign_in_context() -> dict[str, object]:
    return {
        "next": safe(request.values.get("next")),
        "open_sign_up": current_app.config["OPEN_SIGN_UP"],
    }


def _new_account() -> dict[str, object]:
    return {"password_min": current_app.config["PASSWORD_MIN"]}


def _sign_up_is_open() -> None:
    if not current_app.config["OPEN_SIGN_UP"]:
        raise NotFound
