"""Reserved before, settled after, never above the budget: whoever dies, and whatever Redis forgets."""

from __future__ import annotations

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from threading import Event as Flag

import pytest
from sqlalchemy import insert, select, update

from chatapp import create_app
from chatapp.actions import budgets as deeds
from chatapp.errors import BudgetExceeded, Busy, Conflict
from chatapp.money import end_of, month_of
from chatapp.store import allowances, budgets, effects, keys, runs, tables
from chatapp.store.connection import redis
from chatapp.store.database import reading, writing
from chatapp.types import Event, Outlay, assistant_id
from config import Config

NOW = datetime.now(UTC)
MONEY, HOLDS, _ = keys.budget("acme")


@pytest.fixture
def run(workspaces):
    """run("r1", asker="ada"): a run that waits for its answer."""

    def begin(*ids: str, asker: str = "ada", room: str = "lobby", tenant: str = "acme") -> None:
        rows = [
            {
                "id": id_,
                "workspace_id": tenant,
                "room_id": room,
                "question_id": id_,
                "question_seq": 1,
                "asker_id": asker,
                "attempt": 1,
                "state": "running",
                "created_at": NOW,
            }
            for id_ in ids
        ]
        with writing() as connection:
            connection.execute(insert(tables.runs), rows)

    return begin


def reserve(run_id: str, amount: int | None, person="ada", room="lobby", tenant="acme") -> None:
    budgets.reserve(tenant, run_id=run_id, person_id=person, room_id=room, amount=amount)


def left(person: str = "ada", room: str = "lobby") -> dict[str, int]:
    return budgets.left("acme", person_id=person, room_id=room)


def answered(run_id: str, cost: str | None = "0.00", room: str = "lobby", **told: object) -> None:
    """The answer's event comes into the record."""
    run = {"id": run_id, "provider": "openai", "model": "gpt-4o", "cost": cost}
    run |= {"outcome": "done", "input_tokens": 100, "output_tokens": 10, **told}
    event = Event(
        tenant_id="acme",
        room_id=room,
        type="message:created",
        epoch="e",
        seq=random.randrange(2**31),
        id=f"answer-{run_id}",
        at=NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        actor_id=assistant_id("acme"),
        client_id=f"reply-to-{run_id}",
        data={"body": "So it is.", "mentions": [], "run": run},
    )
    with writing() as connection:
        effects.take(connection, [event])


def used() -> list[tuple[str, int | None]]:
    with reading() as connection:
        return sorted(
            map(tuple, connection.execute(select(tables.usage.c.run_id, tables.usage.c.cost)))
        )


def promised(run_id: str) -> int:
    with reading() as connection:
        query = select(tables.runs.c.reserved).where(tables.runs.c.id == run_id)
        return connection.execute(query).scalar_one()


def test_without_a_budget_everything_goes(run):
    run("r1")

    reserve("r1", 10**12)

    assert left() == {}


def test_what_is_reserved_is_not_left_and_what_was_not_spent_comes_back(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1")

    reserve("r1", 60)
    assert left() == {"workspace": 40}
    assert promised("r1") == 60

    budgets.settle("acme", "r1", 25)
    assert left() == {"workspace": 75}


def test_settling_twice_is_settling_once(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1")
    reserve("r1", 60)

    for _ in range(3):
        budgets.settle("acme", "r1", 25)
    budgets.settle("acme", "never-was", 25)

    assert left() == {"workspace": 75}
    assert budgets.holds("acme") == {}


def test_reserving_twice_holds_the_last(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1")
    reserve("r1", 60)

    reserve("r1", 90)

    assert left() == {"workspace": 10}


@pytest.mark.parametrize("scope", ["workspace", "person", "room"])
def test_each_budget_alone_is_enough_to_refuse(run, scope):
    whose = {"workspace": "", "person": "ada", "room": "lobby"}[scope]
    for each, id_ in (("workspace", ""), ("person", ""), ("room", "")):
        allowances.put("acme", each, id_, 1_000_000)
    allowances.put("acme", scope, whose, 50)
    run("r1")

    with pytest.raises(BudgetExceeded) as refused:
        reserve("r1", 51)

    assert refused.value.details == {
        "scope": scope,
        "left": "0.00005",
        "renews_at": end_of(month_of(datetime.now(UTC))).strftime("%Y-%m-01T00:00:00.000Z"),
    }
    assert "renews on 1 " in refused.value.message
    assert promised("r1") == 0
    assert budgets.holds("acme") == {}
    reserve("r1", 50)


def test_a_person_or_a_room_may_have_a_budget_of_their_own(run):
    allowances.put("acme", "person", "", 50)
    allowances.put("acme", "person", "bob", 80)
    allowances.put("acme", "room", "board", 10)

    assert left("ada") == {"person": 50}
    assert left("bob") == {"person": 80}
    assert left("ada", "board") == {"person": 50, "room": 10}

    allowances.put("acme", "person", "bob", None)
    assert left("bob") == {"person": 50}


def test_what_one_spends_is_not_taken_from_the_others_own(run):
    allowances.put("acme", "person", "", 50)
    run("r1")
    reserve("r1", 50)

    assert left("ada") == {"person": 0}
    assert left("bob") == {"person": 50}


def test_tenants_have_purses_of_their_own(run):
    allowances.put("acme", "workspace", "", 50)
    allowances.put("rival", "workspace", "", 50)
    run("r1", tenant="rival")

    reserve("r1", 50, tenant="rival")

    assert left() == {"workspace": 50}
    with pytest.raises(Conflict):
        reserve("r1", 1)  # it is not acme's


def test_no_budget_allows_an_unknown_price(run):
    run("r1")
    reserve("r1", None)
    allowances.put("acme", "person", "", 50)

    with pytest.raises(BudgetExceeded, match="Nobody knows what this model costs") as refused:
        reserve("r1", None)

    assert refused.value.details["scope"] == "person"
    with pytest.raises(BudgetExceeded):
        budgets.admit("acme", person_id="ada", room_id="lobby", least=None)


def test_what_is_free_needs_no_budget(run):
    allowances.put("acme", "workspace", "", 0)
    run("r1")

    reserve("r1", 0)
    budgets.admit("acme", person_id="ada", room_id="lobby", least=0)

    with pytest.raises(BudgetExceeded, match="used up"):
        budgets.admit("acme", person_id="ada", room_id="lobby", least=1)


def test_a_question_is_taken_while_anything_is_left(run):
    allowances.put("acme", "workspace", "", 50)
    run("r1")
    reserve("r1", 49)

    budgets.admit("acme", person_id="ada", room_id="lobby", least=1)
    with pytest.raises(BudgetExceeded) as refused:
        budgets.admit("acme", person_id="ada", room_id="lobby", least=2)
    assert refused.value.details["left"] == "0.000001"


def test_who_has_ended_reserves_nothing_more(run):
    allowances.put("acme", "workspace", "", 50)
    run("r1")
    answered("r1")

    for gone in ("r1", "never-was"):
        with pytest.raises(Conflict):
            reserve(gone, 1)
    assert left() == {"workspace": 50}


# --- the record ----------------------------------------------------------------------------------


def test_an_answer_is_written_down_once_and_nothing_is_promised_any_more(run):
    run("r1")
    reserve("r1", 60)

    for _ in range(2):
        answered("r1", "0.000025")

    assert used() == [("r1", 25)]
    assert promised("r1") == 0


def test_what_is_used_for_an_answer_that_nobody_will_read_is_paid_all_the_same(run):
    """The room was archived while it was written."""
    allowances.put("acme", "workspace", "", 100)
    run("r1")
    reserve("r1", 60)
    told = {"id": "r1", "outcome": "failed", "provider": "openai", "model": "gpt-4o"}
    told |= {"cost": "0.00004", "input_tokens": 100, "output_tokens": 10}

    runs.abandon(runs.find("acme", "r1"), told)
    redis.flushdb()

    assert used() == [("r1", 40)]
    assert left() == {"workspace": 60}


def test_an_unknown_price_is_written_down_as_unknown(run):
    run("r1")
    answered("r1", None)

    assert used() == [("r1", None)]


def test_an_answer_that_used_nothing_is_no_use(run):
    run("r1")
    answered("r1", "0.00", input_tokens=0, output_tokens=0)
    answered("never-was")

    assert used() == []


# --- nobody settles ------------------------------------------------------------------------------


def test_what_a_dead_run_held_is_free_after_the_sweep_and_what_it_spent_is_spent(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1", "r2", "r3", "r4")
    for id_ in ("r1", "r2", "r3", "r4"):
        reserve(id_, 20)
    answered("r1", "0.000005")  # its worker died before it settled
    with writing() as connection:
        for id_, state in (("r2", "failed"), ("r3", "waiting")):
            row = update(tables.runs).where(tables.runs.c.id == id_)
            connection.execute(row.values(state=state))
        connection.execute(tables.runs.delete().where(tables.runs.c.id == "r4"))

    deeds.sweep()

    assert set(budgets.holds("acme")) == {"r3"}  # somebody will go on with it
    assert left() == {"workspace": 75}
    assert promised("r2") == 0


def test_the_sweep_leaves_what_was_reserved_anew_since_it_looked(run, monkeypatch):
    allowances.put("acme", "workspace", "", 100)
    run("r1")
    reserve("r1", 20)
    settled = budgets.ledger.settled

    def meanwhile(tenant_id, run_ids, young):
        reserve("r1", 30)
        assert settled(tenant_id, run_ids, young) == {}
        return dict.fromkeys(run_ids, 0)  # as one would have found a moment ago

    monkeypatch.setattr(budgets.ledger, "settled", meanwhile)

    assert budgets.sweep("acme") == 0
    assert left() == {"workspace": 70}


def test_a_tenant_that_holds_nothing_is_not_looked_at(run):
    run("r1")
    reserve("r1", 20)
    assert budgets.tenants() == ["acme"]

    budgets.settle("acme", "r1", 20)
    budgets.sweep("acme")

    assert budgets.tenants() == []


def test_only_one_sweeper_is_told_to_sweep(app):
    assert [budgets.sweep_is_due() for _ in range(3)] == [True, False, False]


# --- Redis forgets -------------------------------------------------------------------------------


def test_what_redis_forgot_is_rebuilt_before_anything_is_reserved(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1", "r2", "r3")
    reserve("r1", 30)
    answered("r1", "0.00003")
    budgets.settle("acme", "r1", 30)
    reserve("r2", 50)

    redis.flushdb()

    with pytest.raises(BudgetExceeded):
        reserve("r3", 21)
    assert left() == {"workspace": 20}
    reserve("r3", 20)
    budgets.settle("acme", "r2", 40)  # whoever held it then settles it now
    assert left() == {"workspace": 10}
    assert budgets.tenants() == ["acme"]


def test_a_redis_that_came_back_with_less_is_not_believed(run):
    """As after a crash without its last second: its figures are there, and wrong."""
    allowances.put("acme", "workspace", "", 100)
    run("r1", "r2")
    reserve("r1", 90)
    redis.hdel(MONEY, "held:workspace", "held:person:ada", "held:room:lobby")
    redis.delete(HOLDS)
    redis.hset(MONEY, "life", f"0123456789abcdef {month_of(NOW)}")  # of the run before

    with pytest.raises(BudgetExceeded):
        reserve("r2", 11)


def test_an_answer_that_the_record_has_and_redis_settled_twice_is_counted_once(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1")
    reserve("r1", 30)
    redis.flushdb()
    assert left() == {"workspace": 70}  # rebuilt while it was promised

    answered("r1", "0.00003")
    deeds.sweep()
    budgets.settle("acme", "r1", 30)

    assert left() == {"workspace": 70}
    redis.flushdb()
    assert left() == {"workspace": 70}


def test_a_new_month_begins_with_all_of_it_and_owes_nothing_to_the_last(run):
    allowances.put("acme", "workspace", "", 100)
    run("r1", "r2")
    reserve("r1", 90)
    before = NOW.replace(day=1) - timedelta(days=1)
    with writing() as connection:  # it was last month
        connection.execute(update(tables.runs).values(reserved_at=before))
    redis.flushdb()

    assert left() == {"workspace": 10}  # an answer of last month still runs: rather too much
    budgets.settle("acme", "r1", 90)
    assert left() == {"workspace": 100}
    answered("r1", "0.00009")
    redis.flushdb()
    assert left() == {"workspace": 100}


# --- many at once --------------------------------------------------------------------------------


def ask_for(app, ids: list[str], amount: int) -> list[str]:
    """Those that got it. Busy is somebody else's turn at the database."""
    got = []
    with app.app_context():
        for id_ in ids:
            while True:
                try:
                    reserve(id_, amount)
                    got.append(id_)
                except BudgetExceeded:
                    pass
                except Busy:
                    continue
                break
    return got


def test_two_hundred_at_once_on_a_budget_for_ten(app, run):
    allowances.put("acme", "person", "", 10_000)
    ids = [f"r{n}" for n in range(200)]
    run(*ids)

    with ThreadPoolExecutor(32) as pool:
        got = [id_ for one in pool.map(lambda id_: ask_for(app, [id_], 1_000), ids) for id_ in one]

    assert len(got) == 10
    assert left() == {"person": 0}
    for id_ in got:
        answered(id_, "0.001")
    deeds.sweep()
    assert budgets.holds("acme") == {}
    assert left() == {"person": 0}


def test_never_above_the_budget_while_redis_forgets_everything_again_and_again(app, run):
    allowances.put("acme", "workspace", "", 10_000)
    ids = [f"r{n}" for n in range(120)]
    run(*ids)
    over = Flag()

    def forget() -> int:
        times = 0
        while not over.wait(0.01):
            redis_of(app).flushdb()
            times += 1
        return times

    with ThreadPoolExecutor(17) as pool:
        flushing = pool.submit(forget)
        asking = [pool.submit(ask_for, app, ids[n::16], 1_000) for n in range(16)]
        got = [id_ for each in asking for id_ in each.result()]
        over.set()
        assert flushing.result() > 3

    assert 1 <= len(got) <= 10
    deeds.sweep()  # what was refused in the moment between a promise read and taken back
    assert left() == {"workspace": 10_000 - 1_000 * len(got)}


def redis_of(app):
    return app.extensions["redis"]


def _die_with_it(settings: dict[str, object], ids: list[str]) -> None:
    """In a process of its own: reserve, and be killed before anything else."""
    app = create_app(Config(**settings))  # type: ignore[arg-type]
    ask_for(app, ids, 1_000)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_killed_processes_held_is_free_again(app, run, redis_url, database_url):
    allowances.put("acme", "room", "", 10_000)
    ids = [f"r{n}" for n in range(40)]
    run(*ids)
    settings = {
        "SECRET_KEY": "a secret for the tests only",
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "error",
    }
    spawn = get_context("spawn")
    workers = [spawn.Process(target=_die_with_it, args=(settings, ids[n::4])) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL

    held = budgets.holds("acme")
    assert len(held) == 10
    assert left() == {"room": 0}
    with writing() as connection:  # whoever looks after runs calls them failed
        connection.execute(update(tables.runs).values(state="failed"))
    deeds.sweep()

    assert budgets.holds("acme") == {}
    assert left() == {"room": 10_000}
    redis.flushdb()
    assert left() == {"room": 10_000}


# --- what is not for an answer -------------------------------------------------------------------


def outlay(number: int = 1, *, age: float = 0, **whose: str) -> Outlay:
    at = datetime.now(UTC) - timedelta(seconds=age)
    return Outlay(f"o{number}", "acme", "question", "openai", "vectors-1", at, **whose)


def was_held(seconds: float, id_: str) -> None:
    """For so long by now."""
    hold = budgets.holds("acme")[id_].split()
    hold[2] = str(int(hold[2]) - round(seconds * 1000))
    redis.hset(HOLDS, id_, " ".join(hold))


def test_what_is_laid_out_is_set_aside_and_then_what_it_was(workspaces):
    allowances.put("acme", "person", "ada", 100)
    hers = outlay(person_id="ada", room_id="lobby")

    with budgets.laying_out(hers, most=60, cost=lambda tokens: tokens) as spending:
        assert (left(), used()) == ({"person": 40}, [("o1", 60)])
        spending.tokens = 15

    assert (left(), used(), budgets.holds("acme")) == ({"person": 85}, [("o1", 15)], {})


def test_what_would_exceed_a_budget_is_not_laid_out(workspaces):
    allowances.put("acme", "workspace", "", 100)

    for most, cost in ((101, lambda tokens: tokens), (1, lambda _: None)):
        with (
            pytest.raises(BudgetExceeded),
            budgets.laying_out(outlay(), most=most, cost=cost),
        ):
            pytest.fail("it was begun")

    assert (left(), used(), budgets.holds("acme")) == ({"workspace": 100}, [], {})


def test_what_used_nothing_leaves_nothing(workspaces):
    allowances.put("acme", "workspace", "", 100)

    with budgets.laying_out(outlay(), most=60, cost=lambda tokens: tokens) as spending:
        spending.tokens = 0

    assert (left(), used()) == ({"workspace": 100}, [])


def test_who_dies_while_laying_out_has_used_the_most(workspaces):
    allowances.put("acme", "workspace", "", 100)
    begun = [outlay(1), outlay(2)]
    dead = [budgets.laying_out(each, most=30, cost=lambda tokens: tokens) for each in begun]
    for each in dead:
        each.__enter__()
    was_held(100, "o1")

    assert budgets.sweep("acme") == 1, "the second may still be under way"

    assert (left(), used()) == ({"workspace": 40}, [("o1", 30), ("o2", 30)])
    assert list(budgets.holds("acme")) == ["o2"]
    redis.delete(*keys.budget("acme"))
    assert left() == {"workspace": 40}
    for each in dead:  # it was long in coming
        each.__exit__(None, None, None)
    assert left() == {"workspace": 40}


@pytest.fixture
def lose(monkeypatch):
    """lose("settle"): Redis does that, and its answer does not come."""

    def run(verb: str) -> None:
        ask = budgets.run_lua

        def unheard(script, names, args):
            answer = ask(script, names, args)
            if args[1] == verb:
                raise Busy
            return answer

        monkeypatch.setattr(budgets, "run_lua", unheard)

    return run


def test_what_was_bought_is_not_lost_because_nobody_could_settle_it(workspaces, monkeypatch):
    allowances.put("acme", "workspace", "", 100)

    def away(*_):
        raise Busy

    with budgets.laying_out(outlay(), most=60, cost=lambda tokens: tokens) as spending:
        spending.tokens = 15
        monkeypatch.setattr(budgets, "settle", away)

    assert (left(), used()) == ({"workspace": 40}, [("o1", 15)])
    was_held(100, "o1")
    budgets.sweep("acme")
    assert (left(), budgets.holds("acme")) == ({"workspace": 85}, {})


def test_what_was_not_asked_because_redis_did_not_answer_is_not_used(workspaces, lose):
    allowances.put("acme", "workspace", "", 100)
    lose("reserve")

    with pytest.raises(Busy), budgets.laying_out(outlay(), most=60, cost=lambda tokens: tokens):
        pytest.fail("it was begun")

    assert (left(), used()) == ({"workspace": 40}, [])
    budgets.sweep("acme")
    assert (left(), budgets.holds("acme")) == ({"workspace": 100}, {})


@pytest.mark.parametrize("ahead", [-600, 600])
def test_clocks_that_differ_settle_nothing_that_is_under_way(workspaces, ahead):
    allowances.put("acme", "workspace", "", 100)
    theirs = outlay(age=-ahead)

    with budgets.laying_out(theirs, most=60, cost=lambda tokens: tokens) as spending:
        assert budgets.sweep("acme") == 0
        spending.tokens = 15

    assert used() == [("o1", 15)]
    with budgets.laying_out(outlay(2, age=-ahead), most=30, cost=lambda tokens: tokens):
        was_held(100, "o2")
        assert budgets.sweep("acme") == 1


def test_many_at_once_lay_out_no_more_than_there_is(app, workspaces):
    allowances.put("acme", "workspace", "", 100)

    def lay(number: int) -> bool:
        with app.app_context():
            try:
                with budgets.laying_out(outlay(number), most=20, cost=lambda tokens: tokens):
                    return True
            except BudgetExceeded:
                return False

    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lay, range(24)))

    assert (sum(begun), left(), len(used())) == (5, {"workspace": 0}, 5)
