"""The administrators' page of what the assistant used, and the same as a table to take away."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from chatapp import auth
from chatapp.actions import usage
from chatapp.money import begin_of, dollars, end_of, month_of
from chatapp.schemas.money import LookAtMonth
from chatapp.types import Used
from chatapp.views import chart, forms

_HEAD = ["Day", "Person", "Room", "Provider", "Model"]
_SUMS = ["Answers", "Input tokens", "Output tokens", "Cost in USD"]
_SUMS += ["Without a known price", "Embeddings"]
_FORMULA = tuple("=+-@|%\t\r\n＝＋－＠")  # what a spreadsheet would run, or skip before it does


def show() -> ResponseReturnValue:
    found = usage.report(auth.caller(), month=forms.query(LookAtMonth)["month"])
    begin, end = begin_of(found.month), end_of(found.month)
    return render_template(
        "admin-usage.html",
        report=found,
        unseen=usage.UNSEEN,
        chart=chart.of([used.cost for _, used in found.days]),
        dearest=max(found.days, key=lambda day: day[1].cost, default=None),
        before=month_of(begin - timedelta(days=1)),
        after=month_of(end) if end <= datetime.now(UTC) else None,
    )


def table() -> ResponseReturnValue:
    month = forms.query(LookAtMonth)["month"] or month_of(datetime.now(UTC))
    rows = usage.rows(auth.caller(), month=month)
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(_HEAD + _SUMS)
    writer.writerows([*map(_harmless, words), *_sums(used)] for words, used in rows)
    return Response(
        "\ufeff" + file.getvalue(),  # else Excel reads names as Latin-1
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="assistant-{month}.csv"'},
    )


def _sums(used: Used) -> list[str | int]:
    """An amount that nobody knows is left empty, not zero."""
    cost = "" if used.unpriced == used.answers + used.embeddings else dollars(used.cost)
    tokens = used.input_tokens, used.output_tokens
    return [used.answers, *tokens, cost, used.unpriced, used.embeddings]


def _harmless(cell: str) -> str:
    """A name must stay a name in a spreadsheet, whatever it begins with."""
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) else cell
