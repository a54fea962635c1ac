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


class FormEntry(SQLModel, table=True):
    """What an owner is typing."""

    __tablename__ = "forms"

    owner: str = Field(primary_key=True)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=Text)
