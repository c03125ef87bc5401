"""What the assistant used: the page, the chart, the table to take away, the API."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from io import StringIO

import pytest
from sqlalchemy import insert

from chatapp.actions import people
from chatapp.money import micro
from chatapp.store import tables
from chatapp.store.database import writing
from chatapp.views import chart, faces

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def use(workspaces):
    """use("bob", "lobby", cost=…): one answer, in March 2026."""
    made: list[int] = []

    def note(
        person: str,
        room: str,
        *,
        cost: int | None,
        day: int = 3,
        tenant: str = "acme",
        **more: object,
    ) -> None:
        made.append(1)
        row = {
            "run_id": f"run-{len(made)}",
            "workspace_id": tenant,
            "person_id": person,
            "room_id": room,
            "provider": "openai",
            "model": "gpt-4o",
            "input_tokens": 1_000,
            "output_tokens": 100,
            "cost": cost,
            "at": MARCH.replace(day=day, hour=23, minute=59),
            **more,
        }
        with writing() as connection:
            connection.execute(insert(tables.usage).values(row))

    return note


def month(bot, of: str = "2026-03"):
    return bot("GET", "/usage", query_string={"month": of}).json["data"]


def test_it_adds_up_by_day_model_person_and_room(api, use, lobby, ada, bob):
    use("ada", "lobby", cost=100_000, day=1)
    use("bob", "lobby", cost=250_000, day=1)
    use("bob", "lobby", cost=50_000, day=31, provider="gemini", model="gemini-2.5-pro")
    use("bob", "lobby", cost=1, at=datetime(2026, 4, 1, tzinfo=UTC))

    told = month(api(ada))

    assert told["total"] == {
        "answers": 3,
        "embeddings": 0,
        "input_tokens": 3_000,
        "output_tokens": 300,
        "cost": "0.40",
        "unpriced": 0,
    }
    assert len(told["days"]) == 31
    assert [(d["day"], d["cost"]) for d in told["days"] if d["answers"]] == [
        ("2026-03-01", "0.35"),
        ("2026-03-31", "0.05"),
    ]
    assert [(m["model"], m["cost"]) for m in told["models"]] == [
        ("gpt-4o", "0.35"),
        ("gemini-2.5-pro", "0.05"),
    ]
    assert [(p["name"], p["cost"]) for p in told["people"]] == [("Bob", "0.30"), ("Ada", "0.10")]
    assert [(r["name"], r["answers"]) for r in told["rooms"]] == [("lobby", 3)]
    assert month(api(ada), "2026-04")["total"]["cost"] == "0.000001"


def test_an_unknown_price_is_counted_apart(api, at_browser, use, lobby, ada, bob):
    use("ada", "lobby", cost=100_000)
    use("bob", "lobby", cost=None)

    told, page = month(api(ada)), at_browser(ada).get("/admin/usage?month=2026-03").text

    assert (told["total"]["cost"], told["total"]["unpriced"]) == ("0.10", 1)
    assert "$0.10 + unknown" in page
    assert "Of 1 nobody knows the price" in page
    assert re.search(r"Bob.*?>unknown<", page, re.DOTALL)
    assert "$0.00" not in page


def test_what_embeddings_cost_is_in_it_and_documents_are_a_line_of_their_own(
    api, at_browser, use, lobby, ada
):
    use("ada", "lobby", cost=100_000)
    use("ada", "lobby", cost=10_000, what="question", model="text-embedding-3-small")
    use("", "", cost=300_000, what="documents", model="text-embedding-3-small")
    use("", "", cost=None, what="documents", model="our-own", day=4)

    told, page = month(api(ada)), at_browser(ada)

    total = told["total"]
    assert [total[each] for each in ("answers", "embeddings", "cost", "unpriced")] == [
        1,
        3,
        "0.41",
        1,
    ]
    documents = (None, "Documents", "0.30")
    assert [(p["user_id"], p["name"], p["cost"]) for p in told["people"]] == [
        documents,
        ("ada", "Ada", "0.11"),
    ]
    assert [(r["room_id"], r["name"], r["cost"]) for r in told["rooms"]] == [
        documents,
        ("lobby", "lobby", "0.11"),
    ]
    shown = page.get("/admin/usage?month=2026-03").text
    assert "3 requests for embeddings are in it." in shown
    assert '<time datetime="2026-03-04">' in shown
    assert re.search(r"our-own.*?>unknown<", shown, re.DOTALL)
    rows = [row[1:4] + row[5:6] + row[8:] for row in take_away(page)[1:]]
    assert rows == [
        ["Documents", "Documents", "openai", "0", "0.30", "0", "1"],
        ["Ada", "lobby", "openai", "1", "0.10", "0", "0"],
        ["Ada", "lobby", "openai", "0", "0.01", "0", "1"],
        ["Documents", "Documents", "openai", "0", "", "1", "1"],
    ]


def test_other_workspaces_use_is_not_ours(api, use, ada, mallory):
    use("ada", "lobby", cost=100)

    assert month(api(mallory))["total"]["answers"] == 0


def test_conversations_one_is_not_in_are_one_line_without_a_name(
    api, at_browser, use, make_room, person, ada, bob
):
    make_room("secret-board", ada, kind="private")
    make_room("secret-two", bob, ada, kind="direct")
    carol = person("carol", role="admin")
    use("ada", "secret-board", cost=100)
    use("bob", "secret-two", cost=200)

    hers, seen = month(api(carol)), month(api(ada))
    page = at_browser(carol)
    shown = (
        page.get("/admin/usage?month=2026-03").text
        + page.get("/admin/usage.csv?month=2026-03").text
    )

    assert [(r["room_id"], r["name"], r["answers"]) for r in hers["rooms"]] == [(None, None, 2)]
    assert "secret" not in str(hers) + shown
    assert shown.count("Conversations you are not in") == 3
    assert [r["name"] for r in seen["rooms"]] == ["Direct conversation", "secret-board"]


@pytest.mark.parametrize("of", ["", "2026", "2026-13", "1999-01", "march"])
def test_what_is_no_month_is_refused(api, at_browser, ada, of):
    assert api(ada)("GET", "/usage", query_string={"month": of}).status_code == 422
    assert at_browser(ada).get(f"/admin/usage?month={of}").status_code == 200  # this month's


def test_the_page_has_a_chart_and_the_same_as_a_table(at_browser, use, lobby, ada, bob):
    use("ada", "lobby", cost=100_000, day=1)
    use("bob", "lobby", cost=250_000, day=12)

    page = at_browser(ada).get("/admin/usage?month=2026-03").text

    assert page.count("<rect ") == 2
    assert 'aria-label="Cost by day. Most on 12 March: $0.25.' in page
    assert '<time datetime="2026-03-12">12 March</time>' in page
    assert "/admin/usage?month=2026-02" in page
    assert "/admin/usage?month=2026-04" in page


def test_a_month_without_answers_says_so(at_browser, ada):
    page = at_browser(ada).get("/admin/usage").text

    assert "has used nothing in" in page
    assert "<svg" not in page
    assert page.count('href="/admin/usage?month=') == 1  # there is nothing after it


def test_what_only_cost_nothing_has_no_chart(at_browser, use, lobby, ada):
    use("ada", "lobby", cost=0)

    page = at_browser(ada).get("/admin/usage?month=2026-03").text

    assert ("<svg" in page, "$0.00" in page) == (False, True)


def take_away(page) -> list[list[str]]:
    answer = page.get("/admin/usage.csv?month=2026-03")
    assert answer.mimetype == "text/csv"
    assert 'filename="assistant-2026-03.csv"' in answer.headers["Content-Disposition"]
    return list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_table_to_take_away_has_every_combination(at_browser, use, lobby, ada, bob):
    use("ada", "lobby", cost=100_000, day=1)
    use("ada", "lobby", cost=100_000, day=1)
    use("bob", "lobby", cost=None, day=2)

    head, *rows = take_away(at_browser(ada))

    assert head[:5] == ["Day", "Person", "Room", "Provider", "Model"]
    assert rows == [
        ["2026-03-01", "Ada", "lobby", "openai", "gpt-4o", "2", "2000", "200", "0.20", "0", "0"],
        ["2026-03-02", "Bob", "lobby", "openai", "gpt-4o", "1", "1000", "100", "", "1", "0"],
    ]


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://evil.test")', "+1", "-1", "@SUM(1)", "＝1", "|calc"]
)
def test_no_name_becomes_a_formula(at_browser, use, lobby, ada, bob, name):
    people.rename(bob, name=name)
    use("bob", "lobby", cost=1)

    [_, row] = take_away(at_browser(ada))

    assert row[1].startswith("'")
    assert row[1][1:] in (name, name.replace("＝", "="))


@pytest.mark.parametrize(
    ("most", "top"),
    [(1, 10), (11, 20), (26, 30), (99, 100), (100, 100), (101, 200), (250_001, 300_000)],
)
def test_the_highest_line_of_a_chart_is_a_round_number(most, top):
    drawn = chart.of([0, most])

    assert drawn.top == top
    assert [bar.height for bar in drawn.bars] == [
        0,
        pytest.approx(max(1, 100 * most / top), abs=0.01),
    ]
    assert [bar.y + bar.height for bar in drawn.bars] == [100, pytest.approx(100)]


@pytest.mark.parametrize(
    ("micro", "shown"),
    [
        (0, "$0.00"),
        (1, "under $0.01"),
        (9_999, "under $0.01"),
        (12_345_678, "$12.35"),
        (10**9, "$1,000.00"),
    ],
)
def test_on_the_page_amounts_are_to_the_cent(micro, shown):
    assert faces.about(micro) == shown


def test_little_is_more_than_nothing():
    assert [bar.height for bar in chart.of([0, 1, 1_000_000]).bars] == [0, 1, 100]


# --- of many people and rooms --------------------------------------------------------------------


@pytest.fixture
def crowd(use, make_room, ada):
    """130 people who are gone, in as many rooms, every third of which ada knows; and the documents."""
    for n in range(130):
        room = f"room-{n:03}"
        if n % 3 == 0:
            make_room(room, ada)
        use(f"person-{n:03}", room, cost=1_000 * (n + 1), what="answer")
    use("", "", cost=10, what="documents")
    return sum(1_000 * (n + 1) for n in range(130)) + 10


def cost_of(lines) -> int:
    return sum(micro(line["cost"]) for line in lines)


def test_of_very_many_the_dearest_are_shown_and_the_others_together(api, at_browser, crowd, ada):
    told = month(api(ada))

    assert (len(told["people"]), told["more_people"]["count"]) == (100, 31)
    assert told["people"][0]["user_id"] == "person-129"
    assert cost_of([*told["people"], told["more_people"]]) == crowd
    assert cost_of([*told["rooms"], told["more_rooms"]]) == crowd
    known = [n for n in range(30, 130) if n % 3 == 0]
    assert [line["room_id"] for line in told["rooms"]] == [
        *(f"room-{n:03}" for n in reversed(known)),
        None,
    ]
    page = at_browser(ada)
    shown = page.get("/admin/usage?month=2026-03").text
    assert shown.count("And 31 more") == 2
    assert ("person-129" in str(told), "person-000" in str(told)) == (True, False)
    assert len(take_away(page)) == 1 + 131


@pytest.mark.parametrize(
    ("kind", "name", "known"),
    [
        ("people", "user_id", [f"person-{n:03}" for n in range(130)]),
        ("rooms", "room_id", [f"room-{n:03}" for n in range(0, 130, 3)]),
    ],
)
def test_all_of_them_are_there_by_pages(api, crowd, ada, bob, kind, name, known):
    bot, lines, asked = api(ada), [], {"month": "2026-03"}
    sizes = []
    while True:
        told = bot("GET", f"/usage/{kind}", query_string=asked).json["data"]
        lines += told["items"]
        sizes.append(sum(line["answers"] + line["embeddings"] for line in told["items"]))
        if told["next"] is None:
            break
        asked["cursor"] = told["next"]

    assert (sizes, cost_of(lines)) == ([100, 31], crowd)
    assert [line[name] for line in lines if line[name]] == known
    assert api(bob)("GET", f"/usage/{kind}").status_code == 403
