"""Whether notes and samples may be trained on, append-only.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REASON = "consent is append-only"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "consent",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_consent_owner_about", "consent", ["owner", "about"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER consent_no_{verb.lower()} BEFORE {verb} ON consent "
                f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER consent_frozen BEFORE UPDATE OR DELETE ON consent "
            f"FOR EACH ROW EXECUTE FUNCTION notewright_refuse('{_REASON}')"
        )


def downgrade() -> None:
    """Refuse: going back would train on what people said no to."""
    raise NotImplementedError("Consent is kept; restore a copy of the database instead.")
