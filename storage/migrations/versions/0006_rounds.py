"""The rounds of a training job: which one it is in, and of how many.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; jobs of before have no rounds."""
    for name in ("round", "rounds"):
        op.add_column("jobs", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop the columns."""
    for name in ("round", "rounds"):
        op.drop_column("jobs", name)
