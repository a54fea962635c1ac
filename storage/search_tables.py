"""The tables of prompt searches, beside those of storage/tables.py."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables import UtcDateTime


class SearchEntry(SQLModel, table=True):
    """A prompt search; `body` is its order, `report` how it ended."""

    __tablename__ = "searches"
    __table_args__ = (
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_searches_style"),
        UniqueConstraint("id", name="uq_searches_id"),
        Index("ix_searches_style", "owner", "style_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    id: str
    owner: str
    style_id: int
    state: str
    wish: str
    message: str = Field(sa_type=Text)
    calls: int
    seconds: float
    body: str = Field(sa_type=Text)
    report: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class SearchNodeEntry(SQLModel, table=True):
    """A prompt of a search's tree."""

    __tablename__ = "search_nodes"
    __table_args__ = (
        ForeignKeyConstraint(["search_seq"], ["searches.seq"], name="fk_search_nodes_search"),
    )

    search_seq: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    body: str = Field(sa_type=Text)


class SearchCallEntry(SQLModel, table=True):
    """What a call of a search gave, so that it is not made twice."""

    __tablename__ = "search_calls"
    __table_args__ = (
        ForeignKeyConstraint(["search_seq"], ["searches.seq"], name="fk_search_calls_search"),
    )

    search_seq: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: str = Field(sa_type=Text)


class SearchGainEntry(SQLModel, table=True):
    """The memory: what strategies ("a+b" where together) gained on a kind of profile."""

    __tablename__ = "search_gains"
    __table_args__ = (
        ForeignKeyConstraint(["search_seq"], ["searches.seq"], name="fk_search_gains_search"),
        Index("ix_search_gains_owner", "owner", "way", "model"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    search_seq: int
    steps: str
    kind: str
    way: str
    model: str
    gain: float


class PromptEntry(SQLModel, table=True):
    """A prompt that a style was given; the newest that was not taken back is in use."""

    __tablename__ = "prompts_in_use"
    __table_args__ = (
        ForeignKeyConstraint(["style_id"], ["styles.id"], name="fk_prompts_style"),
        Index("ix_prompts_style", "owner", "style_id"),
    )

    seq: int | None = Field(default=None, primary_key=True)
    owner: str
    style_id: int
    body: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
