"""Profiles, styles, notes, feedback, forms, the full-text index, and the triggers that guard them.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What may change in a note is what follows feedback; what it says may not.
_FROZEN = {
    "feedback": ("*", "feedback is append-only"),
    "profiles": ("*", "profiles are immutable"),
    "style_versions": ("*", "style versions are append-only"),
    "notes": (
        "seq, owner, id, profile_digest, style_id, language, created_at, title, body",
        "notes are immutable",
    ),
}


def upgrade() -> None:
    """Make the first tables."""
    _styles()
    _notes()
    op.create_table(
        "forms",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_extras()
    else:
        _postgresql_extras()


def downgrade() -> None:
    """Refuse: going back would throw away what people wrote."""
    raise NotImplementedError("There is nothing before the first tables; delete the database.")


def _styles() -> None:
    op.create_table(
        "profiles",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "styles",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("owner", "name", name="uq_styles_owner_name"),
    )
    op.create_table(
        "style_versions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("style_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "digest"], ["profiles.owner", "profiles.digest"], name="fk_versions_profile"
        ),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_versions_style"),
    )
    op.create_index("ix_versions_style", "style_versions", ["style_id", "version"])
    op.create_index("ix_versions_digest", "style_versions", ["owner", "digest"])


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("seq", _KEY, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("profile_digest", sa.String(), nullable=False),
        sa.Column("style_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "profile_digest"],
            ["profiles.owner", "profiles.digest"],
            name="fk_notes_profile",
        ),
        sa.ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_notes_style"),
        sa.UniqueConstraint("owner", "id", name="uq_notes_owner_id"),
    )
    op.create_index("ix_notes_owner_seq", "notes", ["owner", "seq"])
    op.create_index("ix_notes_style", "notes", ["owner", "style_id", "deleted_at"])
    op.create_index("ix_notes_profile", "notes", ["owner", "profile_digest"])
    op.create_table(
        "feedback",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("note_seq", _KEY, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["note_seq"], ["notes.seq"], name="fk_feedback_note"),
        sa.UniqueConstraint("note_seq", "id", name="uq_feedback_note_id"),
    )


def _sqlite_extras() -> None:
    # storage/search.py hands over words already split and folded; `ascii` only parts them again.
    # Prefix indexes: one- and two-letter beginnings would otherwise merge thousands of lists.
    op.execute(
        "CREATE VIRTUAL TABLE note_search USING fts5("
        "scope, title, facts, text, tokenize = 'ascii', prefix = '1 2')"
    )
    for table, (columns, reason) in _FROZEN.items():
        only = "" if columns == "*" else f" OF {columns}"
        for event, verb in ((f"UPDATE{only}", "update"), ("DELETE", "delete")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{reason}'); END"
            )


def _postgresql_extras() -> None:
    op.execute("CREATE TABLE note_search (seq BIGINT PRIMARY KEY, document TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX note_search_document ON note_search USING gin (document)")
    op.execute(
        "CREATE FUNCTION notewright_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"
    )
    for table, (columns, reason) in _FROZEN.items():
        only = "" if columns == "*" else f" OF {columns}"
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE{only} OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION notewright_refuse('{reason}')"
        )
