"""The assistant of a whole system: real processes, a provider that speaks HTTP, its real SDK."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chatapp.llm.context import ANSWER
from chatapp.types import Price
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
    with System(
        path, keys=fake.environ, **{**FAST, "ASSISTANT_SWEEP_EVERY": 1, "ASSISTANT_PATIENCE": 15}
    ) as system:
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


def test_cancelling_closes_the_providers_connection_within_a_second(study, fake, figures):
    """The quickest of three: a busy machine may take away more than that from one."""
    fake.hold_after = 10
    seconds = []
    for number in range(3):
        _, (ada,) = study.conversation(f"ada-cancel-{number}")
        run = study.ask(ada)
        eventually(lambda run=run, ada=ada: "word 9" in study.shown(ada, run), within=10)

        began = time.monotonic()
        assert study.crowd.ask(ada, "assistant:cancel", {"run_id": run})["ok"]

        assert fake.requests[-1].gone.wait(10)
        seconds.append(fake.requests[-1].closed_at - began)
        answer = study.ended(ada, run)
        assert answer["run"]["outcome"] == "stopped"
        assert answer["body"] == "".join(PIECES[:10]).strip()
    figures(f"closed after {', '.join(f'{each:.2f}' for each in seconds)} s")
    assert min(seconds) < 1.0


def test_who_comes_in_the_middle_and_who_comes_back_is_shown_the_same(study, crowd, fake):
    """A second device, and one that was away for a while."""
    fake.hold_after = 15
    room, (ada, bob) = study.conversation("ada-middle", "bob-middle")
    run = study.ask(ada)
    eventually(lambda: "word 14" in study.shown(ada, run), within=10)
    crowd.leave(bob)

    late = crowd.join(ada.urls, "ada-middle", ada.token, room)
    eventually(lambda: late.room.epoch, within=10)
    (found,) = crowd.ask(late, "assistant:watch", {"room_id": room})["data"]["runs"]
    assert (found["id"], found["state"], found["place"]) == (run, "running", 0)
    assert study.resumed(late, run) == study.shown(ada, run) == "".join(PIECES[:15])
    fake.go_on()

    answer = study.ended(late, run)
    assert answer["body"] == WHOLE
    assert study.shown(ada, run) == study.shown(late, run) == "".join(PIECES)
    again = crowd.join(bob.urls, "bob-middle", bob.token, room)
    assert study.ended(again, run)["body"] == WHOLE


def test_a_killed_web_worker_loses_nothing_of_an_answer(study, system, crowd, fake):
    fake.hold_after = 15
    _, (ada, bob) = study.conversation("ada-web", "bob-web")
    run = study.ask(ada)
    eventually(lambda: "word 14" in study.shown(ada, run), within=10)
    before = study.shown(ada, run)

    system.web[0].kill()
    fake.go_on()
    answer = study.ended(bob, run)
    system.web[0].start()
    system.wait_until_ready()

    assert study.ended(ada, run, within=40)["body"] == answer["body"] == WHOLE
    missed = study.resumed(ada, run, len(before))
    assert before + missed == study.shown(bob, run) == "".join(PIECES)


def test_a_killed_celery_worker_leaves_one_answer_and_nothing_reserved(study, system, fake):
    study.choose("openai", price=Price(1_000_000, 2_000_000))
    study.allow(5_000_000)
    fake.hold_after = 15
    _, (ada,) = study.conversation("ada-celery")
    run = study.ask(ada)
    eventually(lambda: "word 14" in study.shown(ada, run), within=10)
    assert study.reserved()

    system.answers.kill()
    system.answers.start()

    answer = study.ended(ada, run, within=60)
    assert answer["body"] == "".join(PIECES[:15]).strip()
    assert answer["run"]["outcome"] == "failed"
    assert answer["run"]["error"]["code"] == "interrupted"
    assert answer["run"]["error"]["retryable"]
    assert float(answer["run"]["cost"]) > 0  # somebody has paid for what was written
    eventually(lambda: not study.reserved(), within=10)

    fake.go_on()
    retried = study.retry(ada, run)
    assert study.ended(ada, retried, within=30)["body"] == WHOLE
    eventually(lambda: study.visible_answers(ada.room.id) == [WHOLE], within=5)


def test_a_worker_killed_before_the_first_word_is_replaced(study, system, fake):
    fake.fault = "hang"
    _, (ada,) = study.conversation("ada-early")
    run = study.ask(ada)
    eventually(lambda: fake.requests, within=10)

    system.answers.kill()
    fake.fault = ""
    system.answers.start()

    assert study.ended(ada, run, within=60)["body"] == WHOLE


def test_in_a_room_one_is_answered_after_the_other(study, crowd, fake):
    fake.hold_after = 5
    room, (ada, bob) = study.conversation("ada-order", "bob-order")
    first = study.ask(ada, "first")
    eventually(lambda: study.shown(ada, first), within=10)
    others = [study.ask(bob, "second"), study.ask(ada, "third")]

    def waiting():
        found = crowd.ask(bob, "assistant:watch", {"room_id": room})["data"]["runs"]
        return [(each["id"], each["state"], each["place"]) for each in found]

    expected = [(first, "running", 0), (others[0], "waiting", 1), (others[1], "waiting", 2)]
    assert waiting() == expected
    assert len(fake.requests) == 1
    fake.go_on()

    for run in [first, *others]:
        assert study.ended(ada, run)["body"] == WHOLE
    answers = [line.client_id for line in ada.room.screen if line.client_id.startswith("reply-to-")]
    assert answers == [f"reply-to-{run}" for run in (first, *others)]


def test_what_waits_is_stopped_at_once(study, crowd, fake):
    fake.hold_after = 5
    _, (ada,) = study.conversation("ada-waits")
    first = study.ask(ada, "first")
    eventually(lambda: study.shown(ada, first), within=10)
    second = study.ask(ada, "second")

    assert crowd.ask(ada, "assistant:cancel", {"run_id": second})["ok"]

    assert study.ended(ada, second, within=3)["run"]["outcome"] == "stopped"
    fake.go_on()
    assert study.ended(ada, first)["run"]["outcome"] == "done"
    assert len(fake.requests) == 1


def test_asking_again_twice_is_asking_again_once(study, crowd, fake):
    fake.fault = "cut"
    _, (ada,) = study.conversation("ada-again")
    run = study.ask(ada)
    failed = study.ended(ada, run)
    assert failed["run"]["error"]["code"] == "provider_cut"
    fake.fault = ""
    fake.hold_after = 5

    retried = {study.retry(ada, run), study.retry(ada, run)}

    assert len(retried) == 1
    assert retried != {run}
    fake.go_on()
    assert study.ended(ada, *retried)["run"]["attempt"] == 2
    eventually(lambda: study.visible_answers(ada.room.id) == [WHOLE], within=5)

    fake.fault = "cut"
    worse = study.ended(ada, study.retry(ada, run))
    assert (worse["body"], worse["run"]["error"]["code"]) == ("", "provider_cut")
    assert study.visible_answers(ada.room.id) == [WHOLE, ""]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("refuse", "provider_refused"),
        ("limit", "provider_rate_limited"),
        ("break down", "provider_overloaded"),
        ("garbage", "provider_garbage"),
        ("end early", "provider_cut"),
        ("hang", "provider_timed_out"),
    ],
)
def test_each_fault_is_told_under_the_question(study, fake, fault, code):
    fake.fault = fault
    _, (ada,) = study.conversation(f"ada-{fault.replace(' ', '-')}")

    answer = study.ended(ada, study.ask(ada), within=30)

    told = answer["run"]
    assert (told["outcome"], told["error"]["code"]) == ("failed", code)
    assert told["error"]["message"]
    if not answer["body"]:
        assert (told["input_tokens"], told["output_tokens"]) == (0, 0)


def test_keys_and_words_are_in_no_log(study, system, fake):
    for fault in ("", "refuse", "garbage", "cut"):
        fake.fault = fault
        _, (ada,) = study.conversation(f"ada-log-{fault or 'well'}")
        study.ended(ada, study.ask(ada, "my canary question"), within=30)

    for part in system.parts:
        assert "canary" not in part.log
        assert "word 3" not in part.log
    with_keys = [part.member.name for part in system.parts if "OPENAI_API_KEY" in environ_of(part)]
    assert with_keys == ["answers"]


def environ_of(part):
    """Of the process itself, as the kernel tells."""
    return Path(f"/proc/{part.process.pid}/environ").read_bytes().decode()


def test_twenty_answers_at_once_are_on_the_screen_soon_after_the_first_word(
    study, crowd, fake, figures
):
    """300 ms for 19 of 20 is the aim, and what bench/answers.py measures; a busy machine gets more."""
    fake.pieces, fake.pause = ["word "] * 30, 0.05
    rooms = [study.conversation(f"ada-many-{n}") for n in range(20)]
    runs = [study.ask(ada) for _, (ada,) in rooms]
    for (_, (ada,)), run in zip(rooms, runs, strict=True):
        assert study.ended(ada, run, within=60)["run"]["outcome"] == "done"

    waited = study.first_pieces([ada for _, (ada,) in rooms], runs, fake.requests)
    figures(f"first piece p95 {waited[18] * 1000:.0f} ms, median {waited[10] * 1000:.0f} ms")
    assert waited[18] < 1.5


def test_two_hundred_at_once_on_a_budget_for_ten(study, system, fake):
    """Never above it, with everybody killed in the middle, and nothing stays reserved."""
    before = study.outcomes()
    study.choose("openai", price=Price(0, 1_000_000))  # the longest answer costs as many millionths
    study.allow_more(10 * ANSWER)
    fake.hold_after = 3

    statuses = study.many_ask([f"many-{number}" for number in range(200)])

    taken, refused = statuses.count(201), statuses.count(402)  # when all is reserved by then
    assert taken + refused == 200

    def since() -> dict[str, int]:
        return dict(study.outcomes() - before)

    expected = {"running": 10, "budget_exceeded": taken - 10}
    eventually(lambda: since() == {k: n for k, n in expected.items() if n}, within=90, every=0.5)
    assert len(fake.requests) == 10
    assert study.left() == 0

    system.answers.kill()
    system.work.kill()
    fake.go_on()
    system.work.start()
    system.answers.start()

    eventually(lambda: not study.reserved(), within=120, every=0.5)
    eventually(lambda: since().get("interrupted") == 10, within=10)
    assert 0 < study.left() < 10 * ANSWER
