"""The assistant: asked, watched, stopped, asked again; and seen to when nobody answers."""

from __future__ import annotations

from flask import Flask

from chatapp import schemas
from chatapp.actions import assistant
from chatapp.schemas import AskAssistant, CancelRun, ResumeRun, RetryRun, RunPayload, WatchRuns
from chatapp.sockets.background import for_ever
from chatapp.sockets.door import event
from chatapp.types import Caller

_COUNT_EVERY = 5.0  # seconds
_run = RunPayload()


@event(AskAssistant)
def ask(caller: Caller, room_id: str, client_id: str, body: str) -> object:
    said, duplicate = assistant.ask(caller, room_id=room_id, client_id=client_id, body=body)
    return schemas.sent(said, duplicate=duplicate)


@event(WatchRuns)
def watch(caller: Caller, room_id: str) -> object:
    return {"runs": _run.dump(assistant.watch(caller, room_id=room_id), many=True)}


@event(ResumeRun)
def resume(caller: Caller, run_id: str, offset: int) -> object:
    placed, text = assistant.resume(caller, run_id=run_id, offset=offset)
    return {"run": _run.dump(placed), "offset": offset, "text": text}


@event(CancelRun)
def cancel(caller: Caller, run_id: str) -> object:
    assistant.cancel(caller, run_id=run_id)
    return {}


@event(RetryRun)
def retry(caller: Caller, run_id: str) -> object:
    return {"run": _run.dump(assistant.retry(caller, run_id=run_id))}


def sweep(app: Flask) -> None:
    """The clock does it too; whoever comes first."""
    for_ever(app, assistant.sweep, every=app.config["ASSISTANT_SWEEP_EVERY"])


def count(app: Flask) -> None:
    for_ever(app, assistant.count, every=_COUNT_EVERY)
