"""Adapters, what they learned from, and the history of which one served.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What an adapter is may not change; how it stands may.
_FROZEN = {
    "adapters": (
        "UPDATE OF seq, owner, id, style_id, base_revision, created_at, body",
        "adapters are immutable",
    ),
    "promotions": ("UPDATE", "the history of promotions is append-only"),
}


def upgrade() -> None:
    """Make the tables."""
    _adapters()
    _history()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, (update, reason) in _FROZEN.items():
        if sqlite:
            _refuse_on_sqlite(table, "update", update, reason)
            _refuse_on_sqlite(table, "delete", "DELETE", reason)
        else:
            op.execute(
                f"CREATE TRIGGER {table}_frozen BEFORE {update} OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION notewright_refuse('{reason}')"
            )


def downgrade() -> None:
    """Refuse: going back would throw away what was learned."""
    raise NotImplementedError("Adapters are kept; restore a copy of the database instead.")


def _adapters() -> None:
    op.create_table(
        "adapters",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("base_revision", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("promoted_at", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_adapters_style"),
        sa.UniqueConstraint("owner", "id", name="uq_adapters_owner_id"),
        sa.CheckConstraint(
            "status IN ('candidate', 'promoted', 'retired', 'refused')", name="ck_adapters_status"
        ),
    )
    promoted = sa.text("status = 'promoted'")
    op.create_index(
        "uq_adapters_promoted",
        "adapters",
        ["owner", "style_id", "base_revision"],
        unique=True,
        sqlite_where=promoted,
        postgresql_where=promoted,
    )
    op.create_index("ix_adapters_style", "adapters", ["owner", "style_id"])
    op.create_table(
        "adapter_sources",
        sa.Column("adapter_seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(), primary_key=True),
        sa.Column("example_id", sa.String(), primary_key=True),
        sa.ForeignKeyConstraint(["adapter_seq"], ["adapters.seq"], name="fk_sources_adapter"),
    )
    op.create_index("ix_sources_example", "adapter_sources", ["example_id"])


def _history() -> None:
    op.create_table(
        "promotions",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("base_revision", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("about_seq", sa.Integer(), nullable=False),
        sa.Column("serves_seq", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_promotions_style"),
        sa.ForeignKeyConstraint(["about_seq"], ["adapters.seq"], name="fk_promotions_about"),
        sa.ForeignKeyConstraint(["serves_seq"], ["adapters.seq"], name="fk_promotions_serves"),
    )
    op.create_index("ix_promotions_style", "promotions", ["owner", "style_id", "base_revision"])


def _refuse_on_sqlite(table: str, name: str, event: str, reason: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{reason}'); END"
    )
