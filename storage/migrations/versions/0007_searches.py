"""Prompt searches, their memory, and the prompts in use.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "searches",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_searches_style"),
        sa.UniqueConstraint("id", name="uq_searches_id"),
        sa.CheckConstraint(
            "state IN ('running', 'stopped', 'failed', 'done')", name="ck_searches_state"
        ),
    )
    op.create_index("ix_searches_style", "searches", ["owner", "style_id"])
    for table, key, kind in (
        ("search_nodes", "number", sa.Integer()),
        ("search_calls", "key", sa.String()),
    ):
        op.create_table(
            table,
            sa.Column("search_seq", sa.Integer(), primary_key=True, autoincrement=False),
            sa.Column(key, kind, primary_key=True, autoincrement=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["search_seq"], ["searches.seq"], name=f"fk_{table}_search"),
        )
    _memory()


def downgrade() -> None:
    """Drop the tables; styles, notes and adapters stay."""
    for table in ("prompts_in_use", "search_gains", "search_calls", "search_nodes", "searches"):
        op.drop_table(table)


def _memory() -> None:
    op.create_table(
        "search_gains",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("search_seq", sa.Integer(), nullable=False),
        sa.Column("steps", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("gain", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["search_seq"], ["searches.seq"], name="fk_search_gains_search"),
    )
    op.create_index("ix_search_gains_owner", "search_gains", ["owner", "way", "model"])
    op.create_table(
        "prompts_in_use",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("back_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_prompts_style"),
    )
    op.create_index("ix_prompts_style", "prompts_in_use", ["owner", "style_id"])
