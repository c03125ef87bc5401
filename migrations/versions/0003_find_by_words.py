"""Find messages and passages by their words"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chatapp.store import fulltext

revision = "0003"
down_revision = "0002"

AT_ONCE = 2_000


def upgrade() -> None:
    op.create_table(
        "message_words",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_message_words")),
        sa.UniqueConstraint("room_id", "seq", name=op.f("uq_message_words_room_id_seq")),
    )
    fulltext.create(op.get_bind())
    _index_what_was_said()


def _index_what_was_said() -> None:
    connection, seen = op.get_bind(), ("", 0)
    some = sa.text(
        "SELECT room_id, seq, body FROM messages WHERE (room_id, seq) > (:room_id, :seq)"
        " AND removed_at IS NULL ORDER BY room_id, seq LIMIT :at_once"
    )
    keep = sa.text(
        "INSERT INTO message_words (room_id, seq, words) VALUES (:room_id, :seq, :words)"
    )
    while True:
        asked = {"room_id": seen[0], "seq": seen[1], "at_once": AT_ONCE}
        found = connection.execute(some, asked).all()
        if not found:
            return
        rows = [
            {"room_id": room_id, "seq": seq, "words": fulltext.indexed(room_id, body)}
            for room_id, seq, body in found
        ]
        connection.execute(keep, rows)
        seen = found[-1].room_id, found[-1].seq


def downgrade() -> None:
    fulltext.drop(op.get_bind())
    op.drop_table("message_words")
