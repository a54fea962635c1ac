"""Training jobs and the points of their curves.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _jobs()
    op.create_table(
        "job_steps",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("job_seq", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Float(), nullable=True),
        sa.Column("margin", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["job_seq"], ["jobs.seq"], name="fk_job_steps_job"),
        sa.UniqueConstraint("job_seq", "stage", "step", name="uq_job_steps"),
    )


def downgrade() -> None:
    """Drop the tables; adapters that were made stay."""
    op.drop_table("job_steps")
    op.drop_table("jobs")


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Float(), nullable=True),
        sa.Column("margin", sa.Float(), nullable=True),
        sa.Column("seconds_left", sa.Float(), nullable=True),
        sa.Column("heartbeat", sa.DateTime(), nullable=True),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("wish", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("adapter", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_jobs_style"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'paused', 'stopped', 'failed', 'done')",
            name="ck_jobs_state",
        ),
        sa.CheckConstraint("wish IN ('go', 'pause', 'cancel')", name="ck_jobs_wish"),
    )
    at_work = sa.text("state IN ('running', 'paused')")
    op.create_index(
        "uq_jobs_at_work",
        "jobs",
        ["host"],
        unique=True,
        sqlite_where=at_work,
        postgresql_where=at_work,
    )
    op.create_index("ix_jobs_style", "jobs", ["owner", "style_id"])
