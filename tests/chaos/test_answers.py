"""Redis stops, restarts or forgets while the assistant answers."""

from __future__ import annotations

import shutil
import time
from itertools import count

import pytest
from sqlalchemy import func, select, update

from chatapp.store import tables
from chatapp.store.database import reading, writing
from chatapp.types import Price
from tests.fake_providers import FakeProviders
from tests.live.asking import Study
from tests.live.conftest import FAST
from tests.live.system import System, eventually
from tests.live.town import Town

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]

PIECES = [f"word {number}, " for number in range(40)]
HALF, WHOLE = "".join(PIECES[:15]), "".join(PIECES)
_numbers = count()
GRACE = 4.0  # seconds
FROZEN, DOWN = 7.0, 4.0  # seconds; the lease on a room lasts ten


@pytest.fixture(scope="module")
def fake():
    with FakeProviders() as fake:
        yield fake


@pytest.fixture(scope="module")
def system(tmp_path_factory, fake):
    quick = {
        "ASSISTANT_GRACE": GRACE,
        "SWEEP_EVERY": 1,
        "ASSISTANT_SWEEP_EVERY": 1,
        "BUDGET_SWEEP_EVERY": 2,
    }
    path = tmp_path_factory.mktemp("answers")
    with System(path, keys=fake.environ, **FAST, **quick) as system:
        yield system


@pytest.fixture(scope="module")
def town(system):
    return Town(system)


@pytest.fixture
def study(town, crowd, fake):
    fake.__dict__.update(pieces=PIECES, pause=0.005, fault="", hold_after=15, by_model={})
    fake.requests.clear()
    fake._going_on.clear()
    study = Study(town, crowd)
    study.choose("openai", price=Price(1_000_000, 2_000_000))
    study.allow(5_000_000)
    return study


@pytest.fixture
def asked(study):
    """A question of Ada's, half answered before her and Bob: (run id, their clients)."""
    number = next(_numbers)
    _, clients = study.conversation(f"ada-{number}", f"bob-{number}")
    run = study.ask(clients[0])
    eventually(lambda: study.shown(clients[1], run) == HALF, within=10)
    study.town.wait_until_settled(clients, within=15)
    return run, clients


def prove_it_is_over(study, fake, run, clients, began):
    """One answer, the same on every screen and in the record, nobody's money kept back, and the
    room goes on. Returns what the answer tells of itself.
    """
    answers = [
        study.ended(client, run, within=90 - (time.monotonic() - began)) for client in clients
    ]
    assert len({answer["body"] for answer in answers}) == 1
    assert study.visible_answers(clients[0].room.id) == [answers[0]["body"]]
    eventually(lambda: not study.reserved() and not promised(study), within=10)
    told = answers[0]["run"]
    assert told["error"] is None or told["error"]["retryable"]
    fake.go_on()
    eventually(study.is_attended, within=5)
    again = study.ask(clients[1], "And what else?")
    assert study.ended(clients[0], again, within=30)["body"] == WHOLE.strip()
    study.town.wait_until_settled(clients, within=20)
    study.town.prove(clients, whole_log=False)
    return answers[0]


def promised(study):
    """What the record would let nobody else spend."""
    query = select(func.sum(tables.runs.c.reserved))
    with study.system.app.app_context(), reading() as connection:
        return connection.execute(query).scalar()


def restart(system):
    system.redis.kill()
    over = time.monotonic() + DOWN
    eventually(lambda: time.monotonic() > over, within=2 * DOWN)
    system.start_redis()


def wipe(system):
    system.redis.kill()
    shutil.rmtree(system.directory / "valkey" / "appendonlydir")
    system.start_redis()


def flush(system):
    with system.app.app_context():
        system.app.extensions["redis"].flushall()


def freeze(system):
    over = time.monotonic() + FROZEN
    system.redis.freeze()
    eventually(lambda: time.monotonic() > over, within=2 * FROZEN)
    system.redis.thaw()


@pytest.mark.parametrize("storm", [freeze, restart])
def test_an_answer_goes_on_when_redis_is_back(system, study, fake, asked, figures, storm):
    run, clients = asked
    began = time.monotonic()

    storm(system)
    fake.go_on()

    answer = prove_it_is_over(study, fake, run, clients, began)
    figures(f"over {time.monotonic() - began:.1f} s after the beginning of it")
    assert (answer["run"]["outcome"], answer["body"]) == ("done", WHOLE.strip())
    assert len(fake.requests) == 2  # the other is that of the next question


@pytest.mark.parametrize("storm", [freeze, restart])
def test_an_answer_whose_end_comes_while_redis_is_away_is_told_whole(
    system, study, fake, asked, figures, storm
):
    run, clients = asked
    began = time.monotonic()

    fake.pause = 0.04  # a second until the end
    fake.go_on()
    storm(system)

    answer = prove_it_is_over(study, fake, run, clients, began)
    figures(f"over {time.monotonic() - began:.1f} s after the beginning of it")
    assert (answer["run"]["outcome"], answer["body"]) == ("done", WHOLE.strip())
    assert len(fake.requests) == 2


@pytest.mark.parametrize("storm", [flush, wipe])
def test_an_answer_that_redis_forgot_is_begun_again(system, study, fake, asked, figures, storm):
    run, clients = asked
    began = time.monotonic()

    storm(system)
    fake.hold_after = None

    answer = prove_it_is_over(study, fake, run, clients, began)
    figures(f"over {time.monotonic() - began:.1f} s after it was forgotten")
    assert (answer["run"]["outcome"], answer["body"]) == ("done", WHOLE.strip())
    assert fake.requests[0].gone.wait(10)  # nobody listens to the first any more


def test_a_worker_that_is_told_to_stop_finishes_its_answer_first(
    system, study, fake, asked, figures
):
    run, clients = asked
    waits = study.ask(clients[1], "And then?")

    system.answers.process.terminate()
    told = time.monotonic()
    eventually(lambda: time.monotonic() - told > GRACE / 2, within=5)
    fake.go_on()

    assert study.ended(clients[0], run)["body"] == WHOLE.strip()
    ended = time.monotonic()
    eventually(lambda: not system.answers.is_running, within=10)
    figures(f"gone {time.monotonic() - ended:.1f} s after that")
    assert system.answers.process.returncode == 0
    assert study.state(waits) == "waiting"
    system.answers.start()
    assert study.ended(clients[0], waits)["body"] == WHOLE.strip()


def test_what_it_does_not_finish_in_time_ends_with_what_is_written(
    system, study, fake, asked, figures
):
    run, clients = asked
    began = time.monotonic()

    seconds = system.answers.stop(within=12)

    answer = study.ended(clients[0], run, within=2)
    figures(f"stopped in {seconds:.1f} s")
    assert answer["body"] == HALF.strip()
    assert answer["run"]["error"]["code"] == "interrupted"
    assert seconds > GRACE
    assert system.answers.process.returncode == 0
    system.answers.start()
    prove_it_is_over(study, fake, run, clients, began)


def test_what_it_has_not_begun_to_write_is_begun_by_another(system, study, fake):
    fake.fault = "hang"
    _, (ada,) = study.conversation("ada-hangs")
    run = study.ask(ada)
    eventually(lambda: fake.requests, within=10)

    system.answers.stop(within=12)
    fake.fault, fake.hold_after = "", None
    system.answers.start()

    assert study.ended(ada, run)["body"] == WHOLE.strip()


def test_without_clock_and_celery_what_nobody_spends_is_free_again(system, study, asked, figures):
    """A worker died between the end of an answer and settling it."""
    run, _ = asked
    others = (system.clock, system.work, system.answers)
    for part in others:
        part.kill()
    ended = update(tables.runs).where(tables.runs.c.id == run).values(state="failed")
    assert study.reserved() and promised(study)
    with system.app.app_context(), writing() as connection:
        connection.execute(ended)
    began = time.monotonic()

    eventually(lambda: not study.reserved() and not promised(study), within=20)

    figures(f"free {time.monotonic() - began:.1f} s after its worker died")
    for part in others:
        part.start()
