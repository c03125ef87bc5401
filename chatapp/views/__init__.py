"""The HTTP door: every route, on one page. /api/v1/openapi.json describes the first table."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from chatapp.views import (
    admin_assistant,
    admin_knowledge,
    admin_usage,
    administration,
    assistant,
    documents,
    door,
    entrance,
    errors,
    exports,
    faces,
    guard,
    health,
    invitations,
    me,
    members,
    messages,
    openapi,
    passages,
    people,
    rooms,
    search,
    sessions,
    settings,
    shell,
    usage,
)

View = Callable[..., ResponseReturnValue]

API: dict[str, View] = {
    "GET /me": me.show,
    "PATCH /me": me.rename,
    "POST /me/password": me.change_password,
    "GET /sessions": sessions.index,
    "DELETE /sessions/<session_id>": sessions.revoke,
    "DELETE /sessions": sessions.revoke_others,
    "GET /people": people.index,
    "GET /people/<user_id>": people.show,
    "PATCH /people/<user_id>": people.change,
    "GET /invitations": invitations.index,
    "POST /invitations": invitations.create,
    "DELETE /invitations/<invitation_id>": invitations.revoke,
    "GET /rooms": rooms.index,
    "GET /rooms/browse": rooms.browse,
    "POST /rooms": rooms.create,
    "GET /rooms/<room_id>": rooms.show,
    "PATCH /rooms/<room_id>": rooms.change,
    "POST /rooms/<room_id>/archive": rooms.archive,
    "POST /rooms/<room_id>/join": rooms.join,
    "POST /rooms/<room_id>/leave": rooms.leave,
    "GET /rooms/<room_id>/members": members.index,
    "POST /rooms/<room_id>/members": members.add,
    "PATCH /rooms/<room_id>/members/<user_id>": members.change,
    "DELETE /rooms/<room_id>/members/<user_id>": members.remove,
    "GET /rooms/<room_id>/messages": messages.index,
    "POST /rooms/<room_id>/messages": messages.send,
    "PUT /rooms/<room_id>/read": messages.read,
    "GET /rooms/<room_id>/export": exports.show,
    "GET /search": search.index,
    "PATCH /messages/<message_id>": messages.edit,
    "DELETE /messages/<message_id>": messages.remove,
    "GET /documents": documents.index,
    "POST /documents": documents.create,
    "GET /documents/<document_id>": documents.show,
    "PUT /documents/<document_id>": documents.replace,
    "DELETE /documents/<document_id>": documents.remove,
    "GET /passages/<passage_id>": passages.show,
    "GET /assistant": assistant.show,
    "PATCH /assistant": assistant.change,
    "GET /usage": usage.show,
    "GET /usage/people": usage.people,
    "GET /usage/rooms": usage.rooms,
}

PAGES: dict[str, View] = {
    "GET /": shell.show,
    "GET /rooms/<room_id>": shell.show_room,
    "GET /sign-in": entrance.sign_in,
    "POST /sign-in": entrance.enter,
    "POST /sign-out": entrance.leave,
    "GET /sign-up": entrance.sign_up,
    "POST /sign-up": entrance.found,
    "GET /invitations/<token>": entrance.invitation,
    "POST /invitations/<token>": entrance.accept,
    "GET /settings": settings.show,
    "POST /settings/name": settings.rename,
    "POST /settings/password": settings.change_password,
    "POST /settings/sessions/<session_id>/revoke": settings.revoke_session,
    "POST /settings/sessions/revoke": settings.revoke_other_sessions,
    "GET /admin": administration.index,
    "GET /admin/people": administration.people,
    "POST /admin/people/<user_id>": administration.change_person,
    "POST /admin/invitations": administration.invite,
    "POST /admin/invitations/<invitation_id>/revoke": administration.revoke_invitation,
    "GET /admin/rooms": administration.rooms,
    "GET /admin/rooms/<room_id>": administration.room,
    "POST /admin/rooms/<room_id>": administration.change_room,
    "POST /admin/rooms/<room_id>/archive": administration.archive_room,
    "POST /admin/rooms/<room_id>/members": administration.add_member,
    "POST /admin/rooms/<room_id>/members/<user_id>/remove": administration.remove_member,
    "GET /admin/assistant": admin_assistant.show,
    "POST /admin/assistant": admin_assistant.change,
    "POST /admin/assistant/meaning": admin_assistant.find_by_meaning,
    "POST /admin/assistant/budgets": admin_assistant.allow,
    "POST /admin/assistant/people": admin_assistant.allow_person,
    "POST /admin/assistant/people/<user_id>/remove": admin_assistant.forget_person,
    "POST /admin/assistant/rooms": admin_assistant.allow_room,
    "POST /admin/assistant/rooms/<room_id>/remove": admin_assistant.forget_room,
    "GET /admin/usage": admin_usage.show,
    "GET /admin/usage.csv": admin_usage.table,
    "GET /admin/knowledge": admin_knowledge.index,
    "POST /admin/knowledge": admin_knowledge.add,
    "GET /admin/knowledge/<document_id>": admin_knowledge.show,
    "POST /admin/knowledge/<document_id>": admin_knowledge.replace,
    "POST /admin/knowledge/<document_id>/remove": admin_knowledge.remove,
    "GET /api/v1/openapi.json": openapi.show,
    "GET /healthz": health.alive,
    "GET /readyz": health.ready,
    "GET /metrics": health.numbers,
}


class Part(BaseConverter):
    """Of a path. Nothing of ours has a NUL in its name, and PostgreSQL will not even be asked."""

    regex = r"[^/\x00]+"


def init_app(app: Flask) -> None:
    app.url_map.converters["default"] = Part
    guard.init_app(app)
    errors.init_app(app)
    faces.init_app(app)
    for route, view in API.items():
        _add(app, route, view, "/api/v1", "api.")
    for route, view in PAGES.items():
        _add(app, route, view)
    app.after_request(door.tell_allowance)


def _add(app: Flask, route: str, view: View, prefix: str = "", kind: str = "") -> None:
    method, _, path = route.partition(" ")
    name = f"{kind}{view.__module__.rpartition('.')[2]}.{view.__name__}"
    app.add_url_rule(prefix + path, name, view, methods=[method])
