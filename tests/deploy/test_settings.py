"""What bin/run tells the other programs of its checkout."""

from __future__ import annotations

import pytest

import config
from config import Config
from deploy.local import settings


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "VAR", tmp_path)
    for module in (settings, config):
        monkeypatch.setattr(module, "RUN_ENV", tmp_path / "run.env")
    return settings.find_or_make({"SHARDS": "3", "ASYNC_MODE": "eventlet", "HOME": "/root"})


def test_every_program_of_a_checkout_works_on_the_settings_of_its_bin_run(found):
    settings.publish(found)

    theirs = Config.from_env({})

    assert theirs.SHARDS == 3
    assert found.environ["REDIS_URL"] == theirs.REDIS_URL
    assert theirs.ASYNC_MODE == "threading"


def test_what_is_no_setting_of_ours_is_not_written_down(found, tmp_path):
    settings.publish(found)

    assert "HOME" not in (tmp_path / "run.env").read_text()
