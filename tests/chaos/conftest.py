"""A system to break. Each test leaves it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.conftest import FAST, crowd
from tests.live.system import System
from tests.live.town import Town

__all__ = ["crowd"]


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    quick = {"LEASE": 6, "LEASE_RENEW": 2, "SWEEP_EVERY": 1}
    with System(tmp_path_factory.mktemp("chaos"), **FAST, **quick) as system:
        yield system


@pytest.fixture(scope="session")
def town(system: System) -> Town:
    return Town(system)
