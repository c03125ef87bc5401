"""How each provider writes an answer as server-sent events, and what it reads in a request."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Dialect(NamedTuple):
    """`opening` precedes the pieces; `closing` has the usage and says that it is the end."""

    opening: list[str]
    piece: Any  # (text) -> str
    closing: list[str]


def dialect(path: str, *, input_tokens: int, output_tokens: int) -> Dialect:
    if path.endswith("/chat/completions"):
        return _openai(input_tokens, output_tokens)
    if path.endswith("/messages"):
        return _anthropic(input_tokens, output_tokens)
    if ":streamGenerateContent" in path:
        return _gemini(input_tokens, output_tokens)
    raise LookupError(path)


def said(path: str, body: dict[str, Any]) -> str:
    """Everything a request gives the model to read, for a model that repeats it."""
    if "input" in body:
        return "\n".join(body["input"])
    if "contents" in body:
        system = body.get("systemInstruction", {})
        turns = [system, *body["contents"]]
        return "\n".join(part["text"] for turn in turns for part in turn.get("parts", []))
    turns = [{"content": body.get("system")}, *body["messages"]]
    return "\n".join(turn["content"] for turn in turns if turn["content"])


def _event(data: Any, name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def _openai(asked: int, written: int) -> Dialect:
    def chunk(delta: dict[str, Any], **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish_reason", None)}
        frame = {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "fake",
        }
        return _event({**frame, "choices": [choice], "usage": None, **more})

    usage = {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}
    return Dialect(
        [chunk({"role": "assistant", "content": ""})],
        lambda text: chunk({"content": text}),
        [
            chunk({}, finish_reason="stop"),
            _event(
                {
                    "id": "chatcmpl-1",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "fake",
                    "choices": [],
                    "usage": usage,
                }
            ),
            "data: [DONE]\n\n",
        ],
    )


def _anthropic(asked: int, written: int) -> Dialect:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "fake",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": asked, "output_tokens": 1},
    }

    def event(kind: str, **data: Any) -> str:
        return _event({"type": kind, **data}, kind)

    return Dialect(
        [
            event("message_start", message=message),
            event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            event("ping"),
        ],
        lambda text: event(
            "content_block_delta", index=0, delta={"type": "text_delta", "text": text}
        ),
        [
            event("content_block_stop", index=0),
            event(
                "message_delta",
                delta={"stop_reason": "end_turn", "stop_sequence": None},
                usage={"output_tokens": written},
            ),
            event("message_stop"),
        ],
    )


def _gemini(asked: int, written: int) -> Dialect:
    def chunk(text: str, **more: Any) -> str:
        content = {"parts": [{"text": text}], "role": "model"}
        usage = {"promptTokenCount": asked, "candidatesTokenCount": written}
        return _event(
            {"candidates": [{"content": content, "index": 0, **more}], "usageMetadata": usage}
        )

    return Dialect([], chunk, [chunk("", finishReason="STOP")])


def vectors(body: dict[str, Any], meanings: list[set[str]]) -> dict[str, Any]:
    """Of each text: how often it says a word of each of the meanings, and that it says something."""
    found = []
    for index, text in enumerate(body["input"]):
        words = text.casefold().replace("?", " ").replace(".", " ").split()
        much = [float(sum(word in meant for word in words)) for meant in meanings]
        found.append({"object": "embedding", "index": index, "embedding": [*much, 0.01]})
    tokens = sum(len(text.split()) for text in body["input"])
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": found[::-1], "model": body["model"], "usage": usage}
