from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.client import Crowd
from tests.live.system import System
from tests.live.town import Town

FAST = {  # as deployed, but with room for a crowd from one address and time that passes quicker
    "LIMIT_CONNECT": 10_000,
    "CONNECTIONS_PER_PERSON": 10_000,
    "LIMIT_SEND": 100_000,
    "LIMIT_SEND_ROOM": 1_000_000,
    "LIMIT_SEND_WORKSPACE": 1_000_000,
    "LIMIT_RESUME": 100_000,
    "LIMIT_EVENTS": 100_000,
}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """Override to run a module's system with other settings."""
    return {}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any]) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("system"), **{**FAST, **settings}) as system:
        yield system


@pytest.fixture(scope="module")
def town(system: System) -> Town:
    return Town(system)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with Crowd() as crowd:
        yield crowd
