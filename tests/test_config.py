"""What the environment may say: anything that could not work is refused before anything starts."""

from __future__ import annotations

import pytest

import config
from config import Config, ConfigError

NEEDED = {
    "SECRET_KEY": "sixteen characters, or more",
    "REDIS_URL": "redis://localhost:6379/0",
    "DATABASE_URL": "sqlite:////var/chat.db",
}
OTHERS = {
    "SECRET_KEY": "that of a bin/run in this checkout",
    "REDIS_URL": "redis://localhost:7000/0",
    "DATABASE_URL": "sqlite:////checkout/var/chat.db",
}


@pytest.fixture(autouse=True)
def nothing_runs_here(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "RUN_ENV", tmp_path / "run.env")


def _bin_run_runs(**settings):
    lines = [f"{name}={value}\n" for name, value in {**OTHERS, **settings}.items()]
    config.RUN_ENV.write_text("".join(lines))


def test_three_settings_are_enough():
    assert Config.from_env(NEEDED).PING_INTERVAL == 25


@pytest.mark.parametrize("name", NEEDED)
def test_what_has_no_default_is_named_when_it_is_missing(name):
    with pytest.raises(ConfigError, match=f"^{name} is not set, but "):
        Config.from_env({key: value for key, value in NEEDED.items() if key != name})


def test_without_settings_of_its_own_a_process_finds_the_running_bin_run():
    _bin_run_runs(SHARDS="3")
    found = Config.from_env({"LOG_LEVEL": "debug"})
    assert found.REDIS_URL.endswith(":7000/0")
    assert (found.SHARDS, found.LOG_LEVEL) == (3, "debug")


@pytest.mark.parametrize("name", NEEDED)
def test_servers_of_two_installations_are_never_mixed(name):
    _bin_run_runs()
    missing = next(other for other in NEEDED if other != name)
    with pytest.raises(ConfigError, match=f"^{missing} is not set, but {name} is: "):
        Config.from_env({name: NEEDED[name]})


def test_an_installation_of_its_own_takes_no_setting_of_a_running_bin_run():
    _bin_run_runs(SHARDS="3")
    assert Config.from_env(NEEDED).SHARDS == 8


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PING_INTERVAL", "often", "PING_INTERVAL='often' is not a valid int."),
        ("PING_INTERVAL", "0", "PING_INTERVAL must be a number above 0, not 0."),
        ("SESSION_DAYS", "-1", "SESSION_DAYS must be a number above 0, not -1."),
        ("LIMIT_SEND", "0", "LIMIT_SEND must be a number above 0, not 0."),
        ("REDIS_TIMEOUT", "nan", "REDIS_TIMEOUT must be a number above 0, not nan."),
        ("STALE_AFTER", "inf", "STALE_AFTER must be a number above 0, not inf."),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES must be a number at least 0, not -1."),
        ("LEASE", "10", "LEASE (10.0) must be longer than LEASE_RENEW (10.0)."),
        ("SECURE_COOKIES", "yes", "SECURE_COOKIES='yes' is not a valid bool."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of debug, info, warning, error, critical."),
        ("REDIS_URL", "localhost:6379", "REDIS_URL must begin with redis:// or "),
        ("DATABASE_URL", "mysql://localhost/chat", "DATABASE_URL must begin with sqlite:/// or "),
        ("SECRET_KEY", "short", "SECRET_KEY is too short"),
    ],
)
def test_what_cannot_work_is_refused_by_name(name, value, sentence):
    with pytest.raises(ConfigError) as refused:
        Config.from_env({**NEEDED, name: value})
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("name", ["TRUSTED_PROXIES", "CLOSING_SPREAD", "ROOM_LOG_KEEP"])
def test_nothing_is_a_number_where_it_makes_sense(name):
    assert getattr(Config.from_env({**NEEDED, name: "0"}), name) == 0
