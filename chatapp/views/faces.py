"""How people, times and roles look on the server's pages; people as in
frontend/elements/avatar.ts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from flask import Flask

from chatapp.money import MILLION, begin_of, dollars

CENT = MILLION // 100
_COLOURS = 8
_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Mac OS": "macOS",
    "Windows": "Windows",
    "Linux": "Linux",
}

_PROVIDERS = {
    "librarian": "the librarian",
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "gemini": "Google Gemini",
}


def init_app(app: Flask) -> None:
    app.add_template_filter(initials)
    app.add_template_filter(colour_of)
    app.add_template_filter(day)
    app.add_template_filter(month_name)
    app.add_template_filter(day_of_month)
    app.add_template_filter(device)
    app.add_template_filter(dollars)
    app.add_template_filter(about)
    app.add_template_filter(provider_name)
    app.add_template_filter(size)


def initials(name: str) -> str:
    """One or two letters: of the first and the last word."""
    words = name.split()
    letters = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in letters).upper() or "?"


def colour_of(name: str) -> int:
    """FNV-1a: its low bits differ for names that are alike."""
    hash_ = 0x811C9DC5
    for letter in name:
        hash_ = ((hash_ ^ ord(letter)) * 0x01000193) & 0xFFFFFFFF
    return (hash_ ^ (hash_ >> 13)) % _COLOURS


def day(moment: datetime) -> str:
    """3 November 2026"""
    return f"{moment.day} {moment:%B %Y}"


def month_name(month: str) -> str:
    """November 2026"""
    return f"{begin_of(month):%B %Y}"


def about(micro: int) -> str:
    """$12.35: to the cent. What is less, but something, says so."""
    return "under $0.01" if 0 < micro < CENT else f"${Decimal(micro) / MILLION:,.2f}"


def day_of_month(date: str) -> str:
    """3 November"""
    moment = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
    return f"{moment.day} {moment:%B}"


def provider_name(provider: str) -> str:
    return _PROVIDERS.get(provider, provider)


def device(user_agent: str) -> str:
    """What people call what they sit at."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.split(r"[/ ]", user_agent)[0][:40] or "Unknown device"


def size(count: int) -> str:
    """Of a file: 812 bytes, 34 KB, 1.2 MB"""
    if count < 1_000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1_000:.0f} KB"
    return f"{count / 1_000_000:.3g} MB"


def _first(names: dict[str, str], user_agent: str) -> str | None:
    """Order matters: most browsers claim to be all those after them, too."""
    return next((name for mark, name in names.items() if mark in user_agent), None)
