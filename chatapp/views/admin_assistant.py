"""The administrators' page about the assistant: who answers, in what spirit, and for how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from chatapp import auth
from chatapp.actions import assistant_settings, people
from chatapp.actions.assistant_settings import Allowed
from chatapp.errors import ChatError
from chatapp.money import dollars
from chatapp.schemas.money import (
    AllowPersonByForm,
    AllowRoomByForm,
    ChangeAssistantByForm,
    ChangeBudgetsByForm,
    FindByMeaningByForm,
)
from chatapp.types import Caller, Scope
from chatapp.views import forms

PROVIDERS = {
    "librarian": "Librarian: quotes, no model",
    "openai": "OpenAI, or a server like it",
    "anthropic": "Anthropic",
    "gemini": "Google Gemini",
}


def show() -> ResponseReturnValue:
    return render_template("admin-assistant.html", details={}, **_page(auth.caller()))


def change() -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        given = forms.read(ChangeAssistantByForm)
        price = given.pop("input_price"), given.pop("output_price")
        assistant_settings.change(caller, price=price, **given)
        return "The assistant is changed. It answers so from its next answer on."

    return _saved(save)


def find_by_meaning() -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        given = forms.read(FindByMeaningByForm)
        assistant_settings.change(caller, **given)
        if given["find_by_meaning"]:
            return "Documents are found by what they mean as soon as they have been sent."
        return "Nothing more is sent, and the vectors are deleted."

    return _saved(save)


def allow() -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        given = forms.read(ChangeBudgetsByForm)
        allowed: list[Allowed] = [(scope, "", given[scope]) for scope in get_args(Scope)]
        assistant_settings.change(caller, allowed=allowed)
        return "The budgets are changed."

    return _saved(save)


def allow_person() -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        given = forms.read(AllowPersonByForm)
        user = people.by_email(caller, email=given["email"].strip())
        assistant_settings.change(caller, allowed=[("person", user.id, given["person_monthly"])])
        return f"{user.name} has a budget of their own."

    return _saved(save)


def allow_room() -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        given = forms.read(AllowRoomByForm)
        room_id = assistant_settings.room_named(caller, name=given["name"])
        assistant_settings.change(caller, allowed=[("room", room_id, given["room_monthly"])])
        return "The room has a budget of its own."

    return _saved(save)


def forget_person(user_id: str) -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        assistant_settings.change(caller, allowed=[("person", user_id, None)])
        return "They have the same budget as everybody."

    return _saved(save)


def forget_room(room_id: str) -> ResponseReturnValue:
    def save(caller: Caller) -> str:
        assistant_settings.change(caller, allowed=[("room", room_id, None)])
        return "The room has the same budget as all."

    return _saved(save)


def _saved(save: Callable[[Caller], str]) -> ResponseReturnValue:
    caller = auth.caller()
    try:
        words = save(caller)
    except ChatError as error:
        return forms.again("admin-assistant.html", error, **_page(caller))
    return forms.done(words, url_for("admin_assistant.show"))


def _page(caller: Caller) -> dict[str, Any]:
    found = assistant_settings.show(caller)
    wanted, price = found.assistant, found.assistant.price
    amounts: dict[str, int | None] = {
        **found.budgets,
        "input_price": price.input if price else None,
        "output_price": price.output if price else None,
        "embedding_price": wanted.embedding_price,
    }
    kept = {name: "" if micro is None else dollars(micro) for name, micro in amounts.items()}
    return {
        "me": caller,
        "found": found,
        "providers": PROVIDERS,
        "filled": {
            "provider": wanted.provider,
            "model": wanted.model,
            "system_prompt": wanted.system_prompt,
            "summarise": wanted.summarise,
            "find_by_meaning": wanted.find_by_meaning,
            **kept,
        },
    }
