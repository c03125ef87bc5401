"""Say why a message that names the assistant asked it nothing"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("messages", sa.Column("unasked", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "unasked")
