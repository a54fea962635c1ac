"""Votes between two texts, append-only.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REASON = "votes are append-only"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "votes",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("left_key", sa.String(), nullable=False),
        sa.Column("right_key", sa.String(), nullable=False),
        sa.Column("chosen", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.UniqueConstraint("owner", "id", name="uq_votes_owner_id"),
    )
    op.create_index("ix_votes_pair", "votes", ["owner", "rater", "item"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER votes_no_{verb.lower()} BEFORE {verb} ON votes "
                f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER votes_frozen BEFORE UPDATE OR DELETE ON votes "
            f"FOR EACH ROW EXECUTE FUNCTION notewright_refuse('{_REASON}')"
        )


def downgrade() -> None:
    """Refuse: going back would throw away what people said."""
    raise NotImplementedError("Votes are kept; restore a copy of the database instead.")
