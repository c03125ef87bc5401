"""The assistant of a whole system: real processes, a provider that speaks HTTP, its real SDK."""

from __future__ import annotations

import time

import pytest

from tests.fake_providers import FakeProviders
from tests.live.asking import Study
from tests.live.conftest import FAST
from tests.live.system import System, eventually

pytestmark = pytest.mark.live

PIECES = [f"word {number}, " for number in range(40)]
WHOLE = "".join(PIECES).strip()


@pytest.fixture(scope="module")
def fake():
    with FakeProviders() as fake:
        yield fake


@pytest.fixture(scope="module")
def system(tmp_path_factory, fake):
    path = tmp_path_factory.mktemp("system")
    with System(path, keys=fake.environ, **{**FAST, "ASSISTANT_SWEEP_EVERY": 1}) as system:
        yield system


@pytest.fixture
def study(town, crowd, fake):
    fake.__dict__.update(pieces=PIECES, pause=0.005, fault="", hold_after=None, by_model={})
    fake.requests.clear()
    fake._going_on.clear()
    study = Study(town, crowd)
    study.choose("openai")
    return study


def test_without_a_model_it_says_what_it_found(study):
    study.choose("librarian", "")
    _, (ada,) = study.conversation("ada-1")

    run = study.ask(ada)

    answer = study.ended(ada, run)
    assert "No model is configured" in answer["body"]
    assert answer["run"]["outcome"] == "done"
    assert (answer["run"]["provider"], answer["run"]["cost"]) == ("librarian", "0.00")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_an_answer_grows_on_every_screen_and_then_stays(study, provider):
    study.choose(provider)
    _, (ada, bob) = study.conversation(f"ada-{provider}", f"bob-{provider}")

    run = study.ask(ada)

    answer = study.ended(bob, run)
    assert answer["body"] == WHOLE
    assert study.shown(ada, run).strip() == study.shown(bob, run).strip() == WHOLE
    told = answer["run"]
    assert (told["outcome"], told["provider"], told["model"]) == ("done", provider, "a-model")
    assert (told["input_tokens"], told["output_tokens"], told["cost"]) == (120, 5, None)
    for client in (ada, bob):
        names = [name for _, name, payload in client.others if payload.get("run_id") == run]
        assert names[:2] == ["reply:waiting", "reply:started"]
        assert names[-1] == "reply:ended"
    assert study.state(run) == "done"


def test_cancelling_closes_the_providers_connection_within_a_second(study, fake):
    fake.hold_after = 10
    _, (ada,) = study.conversation("ada-cancel")
    run = study.ask(ada)
    eventually(lambda: study.shown(ada, run), within=10)

    began = time.monotonic()
    assert study.crowd.ask(ada, "assistant:cancel", {"run_id": run})["ok"]

    assert fake.requests[-1].gone.wait(1.0)
    assert fake.requests[-1].closed_at - began < 1.0
    answer = study.ended(ada, run)
    assert answer["run"]["outcome"] == "stopped"
    assert WHOLE.startswith(answer["body"])
    assert answer["body"] == "".join(PIECES[:10]).strip()
