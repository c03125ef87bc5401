"""Note what embeddings cost, beside what answers do"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "usage", sa.Column("what", sa.String(length=10), server_default="answer", nullable=False)
    )
    op.add_column("assistants", sa.Column("embedding_price", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM usage WHERE what <> 'answer'")
    op.drop_column("assistants", "embedding_price")
    op.drop_column("usage", "what")
