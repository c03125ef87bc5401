"""What bin/run tells the other programs of its checkout."""

from __future__ import annotations

import pytest

import config
from config import Config
from deploy.local import members, settings


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


def test_only_the_assistants_worker_is_told_the_providers_keys(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "VAR", tmp_path)
    monkeypatch.setattr(settings, "RUN_ENV", tmp_path / "run.env")

    found = settings.find_or_make({"OPENAI_API_KEY": "sk-canary", "HOME": "/root"})
    settings.publish(found)

    assert "sk-canary" not in str(found.environ)
    assert "sk-canary" not in (tmp_path / "run.env").read_text()
    assert members.answers(found.keys).environ == {"OPENAI_API_KEY": "sk-canary"}
    assert members.work().environ == members.clock().environ == {}
