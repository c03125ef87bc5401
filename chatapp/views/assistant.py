"""The assistant of a workspace: how it answers, and what it may spend."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

from chatapp.actions import assistant_settings
from chatapp.actions.assistant_settings import Allowed
from chatapp.schemas.money import AssistantPayload, ChangeAssistant
from chatapp.types import Caller, Scope
from chatapp.views.door import endpoint


@endpoint(gives=AssistantPayload)
def show(caller: Caller) -> object:
    return _settings(caller)


@endpoint(ChangeAssistant, AssistantPayload)
def change(caller: Caller, budgets: dict[str, Any] | None = None, **wanted: Any) -> object:
    price = None
    if "input_price" in wanted or "output_price" in wanted:
        price = wanted.pop("input_price", None), wanted.pop("output_price", None)
    assistant_settings.change(caller, price=price, allowed=_allowed(budgets or {}), **wanted)
    return _settings(caller)


def _settings(caller: Caller) -> dict[str, Any]:
    found = assistant_settings.show(caller)
    price = found.assistant.price
    return asdict(found.assistant) | {
        "input_price": price and price.input,
        "output_price": price and price.output,
        "is_priced": found.is_priced,
        "reachable": found.reachable,
        "embedder": found.embedder
        and asdict(found.embedder) | {"is_priced": found.is_embedding_priced},
        "embedded": found.embedded,
        "left": found.left,
        "budgets": {
            **found.budgets,
            "people": {id_: monthly for id_, _, monthly in found.people},
            "rooms": {id_: monthly for id_, _, monthly in found.rooms},
        },
    }


def _allowed(budgets: dict[str, Any]) -> list[Allowed]:
    common: list[Allowed] = [(s, "", budgets[s]) for s in get_args(Scope) if s in budgets]
    people: list[Allowed] = [("person", *each) for each in budgets.get("people", {}).items()]
    rooms: list[Allowed] = [("room", *each) for each in budgets.get("rooms", {}).items()]
    return common + people + rooms
