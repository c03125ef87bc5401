"""Make room for the assistant: its answers, what it knows, what it costs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from chatapp import text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=False),
        sa.Column("question_id", sa.String(length=64), nullable=False),
        sa.Column("question_seq", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("starts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=True),
        sa.Column("model", sa.String(length=120), nullable=True),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("question_id", "attempt", name=op.f("uq_runs_question_id_attempt")),
    )
    op.create_index("ix_runs_room", "runs", ["room_id", "state", "question_seq"], unique=False)
    op.create_index("ix_runs_state", "runs", ["state", "created_at"], unique=False)
    op.create_index("ix_runs_reserved", "runs", ["workspace_id", "reserved"], unique=False)

    op.create_table(
        "usage",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_usage")),
    )
    op.create_index("ix_usage_workspace_at", "usage", ["workspace_id", "at"], unique=False)

    op.create_table(
        "assistants",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=False),
        sa.Column("system_prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("summarise", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("input_price", sa.BigInteger(), nullable=True),
        sa.Column("output_price", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_assistants_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_assistants")),
    )
    op.create_table(
        "budgets",
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("scope_id", sa.String(length=64), nullable=False),
        sa.Column("monthly", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_budgets_workspace_id")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "scope", "scope_id", name=op.f("pk_budgets")),
    )
    op.create_table(
        "documents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("served", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_documents_workspace_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_documents_workspace_id_name")),
    )
    op.create_index("ix_documents_state", "documents", ["state", "changed_at"], unique=False)

    op.create_table(
        "document_files",
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_files_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "version", name=op.f("pk_document_files")),
    )
    op.create_table(
        "passages",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workspace_id", sa.String(length=64), nullable=False),
        sa.Column("document_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_passages_document_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_passages")),
        sa.UniqueConstraint("id", name=op.f("uq_passages_id")),
        sa.UniqueConstraint(
            "document_id", "version", "place", name=op.f("uq_passages_document_id_version_place")
        ),
    )
    op.create_index("ix_passages_workspace", "passages", ["workspace_id"], unique=False)

    with op.batch_alter_table("messages") as messages:
        messages.add_column(
            sa.Column("asks", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        messages.add_column(sa.Column("run", sa.JSON(none_as_null=True), nullable=True))
    _introduce_assistants()


def _introduce_assistants() -> None:
    """Each workspace gets its assistant, under a name that nobody there has."""
    connection = op.get_bind()
    for (workspace_id,) in connection.execute(sa.text("SELECT id FROM workspaces")).all():
        taken = connection.execute(
            sa.text("SELECT name_skeleton FROM users WHERE workspace_id = :id"),
            {"id": workspace_id},
        )
        skeletons = set(taken.scalars())
        numbered = ("Assistant", *(f"Assistant {n}" for n in range(2, 10_000)))
        name = next(one for one in numbered if text.skeleton(one) not in skeletons)
        connection.execute(
            sa.text(
                "INSERT INTO users (id, workspace_id, email, name, name_skeleton, role,"
                " password_hash, created_at) VALUES (:id, :workspace, 'assistant', :name,"
                " :skeleton, 'assistant', '!', CURRENT_TIMESTAMP)"
            ),
            {
                "id": f"assistant-{workspace_id}",
                "workspace": workspace_id,
                "name": name,
                "skeleton": text.skeleton(name),
            },
        )


def downgrade() -> None:
    for table in ("memberships", "users"):
        column = "user_id" if table == "memberships" else "id"
        op.execute(f"DELETE FROM {table} WHERE {column} LIKE 'assistant-%'")
    with op.batch_alter_table("messages") as messages:
        messages.drop_column("run")
        messages.drop_column("asks")

    op.drop_index("ix_passages_workspace", table_name="passages")

    op.drop_table("passages")
    op.drop_table("document_files")
    op.drop_index("ix_documents_state", table_name="documents")

    op.drop_table("documents")
    op.drop_table("budgets")
    op.drop_table("assistants")
    op.drop_index("ix_usage_workspace_at", table_name="usage")

    op.drop_table("usage")
    op.drop_index("ix_runs_reserved", table_name="runs")
    op.drop_index("ix_runs_state", table_name="runs")
    op.drop_index("ix_runs_room", table_name="runs")

    op.drop_table("runs")
