"""The administrators' pages: people, invitations, rooms."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from chatapp import auth
from chatapp.actions import access, invitations, members
from chatapp.actions import people as everybody
from chatapp.actions import rooms as all_rooms
from chatapp.errors import ChatError
from chatapp.schemas.forms import (
    AddMemberByForm,
    ChangePersonByForm,
    ChangeRoomByForm,
    InviteByForm,
)
from chatapp.schemas.http import Cursor, Find, ReadOn
from chatapp.types import Caller
from chatapp.views import forms
from chatapp.views.invitations import link


def index() -> ResponseReturnValue:
    administrator()
    return redirect(url_for("administration.people"))


def people() -> ResponseReturnValue:
    caller = administrator()
    asked = forms.query(Find)
    found = everybody.accounts(caller, q=asked["q"], after=asked["cursor"])
    return render_template(
        "admin-people.html",
        me=caller,
        people=found.items,
        count=everybody.count(caller),
        q=asked["q"],
        first=asked["cursor"] is None,
        next=Cursor.of(found.next),
        invitations=invitations.open_ones(caller),
    )


def change_person(user_id: str) -> ResponseReturnValue:
    caller, back = administrator(), url_for("administration.people", q=request.args.get("q"))
    try:
        person = everybody.change(caller, user_id=user_id, **forms.read(ChangePersonByForm))
    except ChatError as error:
        return forms.failed(error, back)
    if "disabled" not in request.form:
        return forms.done(f"{person.name} is now {_ROLES[person.role]}.", back)
    state = "closed" if person.disabled else "open again"
    return forms.done(f"The account of {person.name} is {state}.", back)


def invite() -> ResponseReturnValue:
    caller, back = administrator(), url_for("administration.people")
    try:
        given = forms.read(InviteByForm)
        _, token = invitations.create(caller, **given)
    except ChatError as error:
        return forms.failed(error, back)
    flash(link(token), "link")
    return redirect(back, 303)


def revoke_invitation(invitation_id: str) -> ResponseReturnValue:
    invitations.revoke(administrator(), invitation_id=invitation_id)
    return forms.done("The invitation is taken back.", url_for("administration.people"))


def rooms() -> ResponseReturnValue:
    caller = administrator()
    asked = forms.query(Find)
    found = all_rooms.browse(caller, q=asked["q"], after=asked["cursor"], all_kinds=True)
    return render_template(
        "admin-rooms.html",
        me=caller,
        rooms=[record for record, _ in found.items],
        q=asked["q"],
        first=asked["cursor"] is None,
        next=Cursor.of(found.next),
    )


def room(room_id: str) -> ResponseReturnValue:
    return render_template("admin-room.html", **_room(administrator(), room_id), details={})


def change_room(room_id: str) -> ResponseReturnValue:
    caller = administrator()
    try:
        all_rooms.change(caller, room_id=room_id, **forms.read(ChangeRoomByForm))
    except ChatError as error:
        return forms.again("admin-room.html", error, **_room(caller, room_id))
    return forms.done("The room is changed.", url_for("administration.room", room_id=room_id))


def archive_room(room_id: str) -> ResponseReturnValue:
    caller, back = administrator(), url_for("administration.room", room_id=room_id)
    try:
        all_rooms.archive(caller, room_id=room_id)
    except ChatError as error:
        return forms.failed(error, back)
    return forms.done("The room is archived: it can be read, not written in.", back)


def add_member(room_id: str) -> ResponseReturnValue:
    caller, back = administrator(), url_for("administration.room", room_id=room_id)
    try:
        user = everybody.by_email(caller, email=forms.read(AddMemberByForm)["email"].strip())
        members.add(caller, room_id=room_id, user_ids=[user.id])
    except ChatError as error:
        return forms.failed(error, back)
    return forms.done(f"{user.name} is in the room.", back)


def remove_member(room_id: str, user_id: str) -> ResponseReturnValue:
    caller, back = administrator(), url_for("administration.room", room_id=room_id)
    try:
        members.remove(caller, room_id=room_id, user_id=user_id)
    except ChatError as error:
        return forms.failed(error, back)
    return forms.done("They are no longer in the room.", back)


_ROLES = {"owner": "an owner", "admin": "an administrator", "member": "a member"}


def administrator() -> Caller:
    caller = auth.caller()
    access.administration(caller)
    return caller


def _room(caller: Caller, room_id: str) -> dict[str, object]:
    record, cursor = access.governed_room(caller, room_id), forms.query(ReadOn)["cursor"]
    found = members.page(caller, room_id=room_id, after=cursor)
    return {
        "me": caller,
        "room": record,
        "filled": {"name": record.name, "topic": record.topic},
        "members": found.items,
        "first": cursor is None,
        "next": Cursor.of(found.next),
    }
