"""The tables: canonical JSON of the nouns in `body`, and columns for what is filtered or joined.

Every table is scoped by owner, directly or through its note or style. The full-text index
(`note_search`) is made by the migration, since each database has its own kind.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

# Only a column declared INTEGER is SQLite's own row key.
Key = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: kept without a timezone (SQLite has none), handed out with UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  (the signature is SQLAlchemy's)
    ) -> datetime | None:
        """Turn any moment into UTC without a timezone; a naive one is taken for UTC."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give the timezone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class ProfileEntry(SQLModel, table=True):
    """A profile under its content address; each owner has their own row."""

    __tablename__ = "profiles"

    owner: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    language: str
    samples: int
    created_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=Text)


class StyleEntry(SQLModel, table=True):
    """A saved style: a name for a line of profiles."""

    __tablename__ = "styles"
    __table_args__ = (UniqueConstraint("owner", "name", name="uq_styles_owner_name"),)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VersionEntry(SQLModel, table=True):
    """Which profile a version of a style is; append-only, the row with the highest id holds.

    A rename adds a row for each version, since the name is part of a profile's address.
    """

    __tablename__ = "style_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner", "digest"], ["profiles.owner", "profiles.digest"], name="fk_versions_profile"
        ),
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_versions_style"),
        Index("ix_versions_style", "style_id", "version"),
        Index("ix_versions_digest", "owner", "digest"),
    )

    id: int | None = Field(default=None, primary_key=True)
    style_id: int
    version: int
    owner: str
    digest: str


class NoteEntry(SQLModel, table=True):
    """A note. `seq` grows with the time of writing, so newest first is a walk of the key.

    `text` is the note as the writer left it, `stars` the latest rating: both follow feedback.
    """

    __tablename__ = "notes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner", "profile_digest"],
            ["profiles.owner", "profiles.digest"],
            name="fk_notes_profile",
        ),
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_notes_style"),
        UniqueConstraint("owner", "id", name="uq_notes_owner_id"),
        Index("ix_notes_owner_seq", "owner", "seq"),
        Index("ix_notes_style", "owner", "style_id", "deleted_at"),
        Index("ix_notes_profile", "owner", "profile_digest"),
    )

    seq: int = Field(primary_key=True, sa_type=Key)
    owner: str
    id: str
    profile_digest: str
    style_id: int | None = None
    language: str
    stars: int | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)


class FeedbackEntry(SQLModel, table=True):
    """One act of feedback; triggers refuse to change or delete it."""

    __tablename__ = "feedback"
    __table_args__ = (
        ForeignKeyConstraint(["note_seq"], ["notes.seq"], name="fk_feedback_note"),
        UniqueConstraint("note_seq", "id", name="uq_feedback_note_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    note_seq: int = Field(sa_type=Key)
    id: str
    kind: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=Text)


class VoteEntry(SQLModel, table=True):
    """One vote between two texts; triggers refuse to change or delete it."""

    __tablename__ = "votes"
    __table_args__ = (
        UniqueConstraint("owner", "id", name="uq_votes_owner_id"),
        Index("ix_votes_pair", "owner", "rater", "item"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    id: str
    rater: str
    item: str
    left_key: str
    right_key: str
    chosen: str
    seconds: float
    created_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=Text)


class AdapterEntry(SQLModel, table=True):
    """An adapter of a style; its files lie in a folder of its id. At most one of a style serves.

    `body` is its manifest, `report` the gate's.
    """

    __tablename__ = "adapters"
    __table_args__ = (
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_adapters_style"),
        UniqueConstraint("owner", "id", name="uq_adapters_owner_id"),
        Index(
            "uq_adapters_promoted",
            "owner",
            "style_id",
            "base_revision",
            unique=True,
            sqlite_where=text("status = 'promoted'"),
            postgresql_where=text("status = 'promoted'"),
        ),
        Index("ix_adapters_style", "owner", "style_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    id: str
    style_id: int
    base_revision: str
    status: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    promoted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(sa_type=Text)
    report: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)


class AdapterSourceEntry(SQLModel, table=True):
    """One thing that an adapter learned from: a sample, a note, an act of feedback."""

    __tablename__ = "adapter_sources"
    __table_args__ = (
        ForeignKeyConstraint(["adapter_seq"], ["adapters.seq"], name="fk_sources_adapter"),
        Index("ix_sources_example", "example_id"),
    )

    adapter_seq: int = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    example_id: str = Field(primary_key=True)


class PromotionEntry(SQLModel, table=True):
    """Which adapter of a style served from a moment on; triggers refuse to change or delete it."""

    __tablename__ = "promotions"
    __table_args__ = (
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_promotions_style"),
        ForeignKeyConstraint(["about_seq"], ["adapters.seq"], name="fk_promotions_about"),
        ForeignKeyConstraint(["serves_seq"], ["adapters.seq"], name="fk_promotions_serves"),
        Index("ix_promotions_style", "owner", "style_id", "base_revision"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    style_id: int
    base_revision: str
    kind: str
    about_seq: int
    serves_seq: int | None = None
    at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(sa_type=Text)


class JobEntry(SQLModel, table=True):
    """A training job of a style. At most one of a machine is at work.

    `claim` is drawn anew by each process that takes the job up: only its holder may report.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_jobs_style"),
        UniqueConstraint("id", name="uq_jobs_id"),
        Index(
            "uq_jobs_at_work",
            "host",
            unique=True,
            sqlite_where=text("state IN ('running', 'paused')"),
            postgresql_where=text("state IN ('running', 'paused')"),
        ),
        Index("ix_jobs_style", "owner", "style_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str
    owner: str
    style_id: int
    method: str
    state: str
    stage: str
    step: int
    steps: int
    examples: int
    round: int
    rounds: int
    loss: float | None = None
    margin: float | None = None
    seconds_left: float | None = None
    heartbeat: datetime | None = Field(default=None, sa_type=UtcDateTime)
    host: str
    pid: int | None = None
    claim: str
    wish: str
    message: str = Field(sa_type=Text)
    adapter: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class JobStepEntry(SQLModel, table=True):
    """A point of a job's curves. A step taken again, from a checkpoint, takes its old place."""

    __tablename__ = "job_steps"
    __table_args__ = (
        ForeignKeyConstraint(["job_seq"], ["jobs.seq"], name="fk_job_steps_job"),
        UniqueConstraint("job_seq", "stage", "step", name="uq_job_steps"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    job_seq: int
    stage: str
    step: int
    loss: float | None = None
    margin: float | None = None


class ConsentEntry(SQLModel, table=True):
    """Whether a note or sample may be trained on; the last row about it holds, none is changed."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_owner_about", "owner", "about"),)

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    about: str
    allowed: bool
    at: datetime = Field(sa_type=UtcDateTime)


class FormEntry(SQLModel, table=True):
    """What an owner is typing."""

    __tablename__ = "forms"

    owner: str = Field(primary_key=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=Text)
