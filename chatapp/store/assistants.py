"""How each workspace wants its assistant to answer; without a row, as a librarian."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Row, delete, insert, select

from chatapp.store import vectors
from chatapp.store.database import reading, writing
from chatapp.store.tables import assistants
from chatapp.types import Assistant, Price


def find(tenant_id: str) -> Assistant:
    with reading() as connection:
        row = connection.execute(
            select(assistants).where(assistants.c.workspace_id == tenant_id)
        ).first()
    return _assistant(row) if row else Assistant()


def put(tenant_id: str, wanted: Assistant) -> None:
    """Who does not want to be found by meaning any more has no vectors any more."""
    values = {
        "provider": wanted.provider,
        "model": wanted.model,
        "system_prompt": wanted.system_prompt,
        "summarise": wanted.summarise,
        "input_price": wanted.price and wanted.price.input,
        "output_price": wanted.price and wanted.price.output,
        "find_by_meaning": wanted.find_by_meaning,
        "embedding_price": wanted.embedding_price,
        "changed_at": datetime.now(UTC),
    }
    with writing() as connection:
        connection.execute(delete(assistants).where(assistants.c.workspace_id == tenant_id))
        connection.execute(insert(assistants).values(workspace_id=tenant_id, **values))
        if not wanted.find_by_meaning:
            vectors.forget(connection, tenant_id)


def _assistant(row: Row[tuple[object, ...]]) -> Assistant:
    given = None if row.input_price is None else Price(row.input_price, row.output_price)
    return Assistant(
        row.provider,
        row.model,
        row.system_prompt,
        row.summarise,
        given,
        row.find_by_meaning,
        row.embedding_price,
    )
