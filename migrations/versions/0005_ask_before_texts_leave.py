"""Ask each workspace before its texts are sent to be embedded"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "assistants",
        sa.Column("find_by_meaning", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("passage_vectors", sa.Column("reason", sa.String(length=200), nullable=True))
    op.execute("DELETE FROM passage_vectors")  # nobody was asked


def downgrade() -> None:
    op.drop_column("passage_vectors", "reason")
    op.drop_column("assistants", "find_by_meaning")
