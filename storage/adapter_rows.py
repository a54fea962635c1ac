"""The rows of adapters and the history of promotions, inside the caller's transaction.

Which adapter serves is a column, unique by an index; what a roll back goes to is read from the
history, which is only ever added to.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue
from sqlmodel import Session, col, select

from engine.adapter_types import Adapter, AdapterManifest, AdapterStatus, Overdue, Promotion
from engine.errors import InvalidRequest, NotFound
from engine.types import utc_now
from storage import consent
from storage.canonical import canonical
from storage.styles import style_id
from storage.tables import AdapterEntry, AdapterSourceEntry, PromotionEntry, StyleEntry


def style_key(session: Session, owner: str, style: str) -> int:
    """Return the key of a style, deleted or not."""
    key = style_id(session, owner, style)
    if key is None:
        raise NotFound(f"There is no style named {style!r}; pick one of the saved styles.")
    return key


def add(
    session: Session,
    owner: str,
    style: int,
    manifest: AdapterManifest,
    status: AdapterStatus,
    report: Mapping[str, JsonValue],
) -> AdapterEntry:
    """Add an adapter; the same one again changes nothing."""
    known = _entry(session, owner, manifest.id)
    if known is not None:
        return known
    entry = AdapterEntry(
        owner=owner,
        id=manifest.id,
        style_id=style,
        base_revision=manifest.base.revision,
        status=status,
        created_at=manifest.created_at,
        reason="",
        report=_json(report),
        body=canonical(manifest),
    )
    session.add(entry)
    session.flush()
    for origin, ids in manifest.sources.items():
        for example in dict.fromkeys(ids):
            session.add(
                AdapterSourceEntry(adapter_seq=_seq(entry), origin=origin, example_id=example)
            )
    return entry


def existing(session: Session, owner: str, address: str) -> AdapterEntry:
    """Return an adapter's row; NotFound if it is not this owner's."""
    entry = _entry(session, owner, address)
    if entry is None:
        raise NotFound(f"There is no adapter {address!r}; choose one that the style lists.")
    return entry


def adapter(session: Session, entry: AdapterEntry) -> Adapter:
    """Return a row as the noun."""
    style = session.get_one(StyleEntry, entry.style_id)
    return Adapter.model_validate(
        {
            "id": entry.id,
            "style": style.name,
            "status": entry.status,
            "manifest": json.loads(entry.body),
            "report": json.loads(entry.report),
            "reason": entry.reason,
            "promoted_at": entry.promoted_at,
        }
    )


def listed(session: Session, owner: str, style: int | None) -> Sequence[AdapterEntry]:
    """Return an owner's adapters, or those of a style, newest first."""
    wanted = select(AdapterEntry).where(AdapterEntry.owner == owner)
    if style is not None:
        wanted = wanted.where(AdapterEntry.style_id == style)
    return session.exec(wanted.order_by(col(AdapterEntry.seq).desc())).all()


def judge(entry: AdapterEntry, report: Mapping[str, JsonValue], *, passed: bool) -> None:
    """Keep the gate's report on an adapter that does not serve yet, and its verdict."""
    if entry.status not in {"candidate", "refused"}:
        raise InvalidRequest("This adapter was judged and served already; train a new one.")
    entry.report, entry.status = _json(report), "candidate" if passed else "refused"


# ------------------------------------------------------------------ what serves


def promote(session: Session, entry: AdapterEntry, reason: str) -> None:
    """Let an adapter serve from now on, in place of the one that does.

    Raises:
        InvalidRequest: the gate refused it, or it was taken out of service, and no reason is given.
    """
    if entry.status == "promoted":
        return
    if entry.status == "refused" and not reason:
        raise InvalidRequest(
            "The gate refused this adapter; give a reason to promote it all the same.",
            field="reason",
        )
    if _taken_out(session, entry) and not reason:
        raise InvalidRequest(
            "This adapter was taken out of service; give a reason to promote it all the same.",
            field="reason",
        )
    _serve(session, entry, entry)
    entry.reason, entry.promoted_at = reason, utc_now()
    _record(session, "promote", entry, entry, reason)


def rollback(session: Session, owner: str, style: int, base: str) -> AdapterEntry | None:
    """Let the adapter serve that served before; return it, or None where there was none.

    Raises:
        InvalidRequest: no adapter of the style serves.
    """
    line = serving(session, owner, style, base)
    if not line:
        raise InvalidRequest("No adapter of this style serves; there is nothing to roll back.")
    before = line[1] if len(line) > 1 else None
    _serve(session, line[0], before)
    _record(session, "rollback", line[0], before, "")
    return before


def retire(session: Session, entry: AdapterEntry, reason: str) -> None:
    """Take an adapter out of service; where it serves, the one before it does again."""
    line = serving(session, entry.owner, entry.style_id, entry.base_revision)
    left = [each for each in line if each.seq != entry.seq]
    serves = left[0] if left else None
    _serve(session, entry, serves)
    entry.status, entry.reason = "retired", reason
    _record(session, "retire", entry, serves, reason)


def serving(session: Session, owner: str, style: int, base: str) -> list[AdapterEntry]:
    """Return the adapter that serves, then those that a roll back after another would go to."""
    line: list[int] = []
    for row in _promotions(session, owner, style, base):
        if row.kind == "promote":
            line.append(row.about_seq)
        elif row.kind == "retire":
            line = [seq for seq in line if seq != row.about_seq]
        else:
            line.pop()
        # One that was promoted twice in a row, once the other between them is retired, is one step.
        line = [seq for at, seq in enumerate(line) if not at or line[at - 1] != seq]
    return [session.get_one(AdapterEntry, seq) for seq in reversed(line)]


def latest_base(session: Session, owner: str, style: int) -> str:
    """Return the base on which the style's adapters last changed, empty for none."""
    found = session.exec(
        select(PromotionEntry.base_revision)
        .where(PromotionEntry.owner == owner, PromotionEntry.style_id == style)
        .order_by(col(PromotionEntry.seq).desc())
        .limit(1)
    ).one_or_none()
    return found or ""


def history(session: Session, owner: str, style: int) -> list[Promotion]:
    """Return what served when, oldest first."""
    names = {entry.seq: entry.id for entry in listed(session, owner, style)}
    return [
        Promotion.model_validate(
            {
                "kind": row.kind,
                "about": names[row.about_seq],
                "serves": names.get(row.serves_seq),
                "reason": row.reason,
                "at": row.at,
            }
        )
        for row in _promotions(session, owner, style)
    ]


def overdue(session: Session, owner: str) -> list[Overdue]:
    """Return the adapters that can write and learned from what was withdrawn, newest first.

    One can write that serves, that may be promoted, or that a roll back would go to.
    """
    withdrawn: dict[int, frozenset[str]] = {}
    found = []
    for entry in listed(session, owner, None):
        if not _can_write(session, entry):
            continue
        if entry.style_id not in withdrawn:
            style = session.get_one(StyleEntry, entry.style_id).name
            withdrawn[entry.style_id] = consent.withdrawn(session, owner, style)
        seen = select(AdapterSourceEntry.example_id).where(
            AdapterSourceEntry.adapter_seq == entry.seq
        )
        ids: Iterable[str] = session.exec(seen)
        if about := withdrawn[entry.style_id].intersection(ids):
            found.append(Overdue(adapter=adapter(session, entry), about=about))
    return found


def _can_write(session: Session, entry: AdapterEntry) -> bool:
    if entry.status in {"promoted", "candidate"}:
        return True
    line = serving(session, entry.owner, entry.style_id, entry.base_revision)
    return any(each.seq == entry.seq for each in line)


def _serve(session: Session, old: AdapterEntry, new: AdapterEntry | None) -> None:
    """Move the mark of the serving adapter; the index allows one at a time, so old before new."""
    for entry in listed(session, old.owner, old.style_id):
        if entry.status == "promoted" and entry.base_revision == old.base_revision:
            entry.status = "retired"
    session.flush()
    if new is not None:
        new.status = "promoted"
        session.flush()


def _record(
    session: Session, kind: str, about: AdapterEntry, serves: AdapterEntry | None, reason: str
) -> None:
    session.add(
        PromotionEntry(
            owner=about.owner,
            style_id=about.style_id,
            base_revision=about.base_revision,
            kind=kind,
            about_seq=_seq(about),
            serves_seq=None if serves is None else serves.seq,
            at=utc_now(),
            reason=reason,
        )
    )
    session.flush()


def _promotions(
    session: Session, owner: str, style: int, base: str | None = None
) -> Sequence[PromotionEntry]:
    wanted = select(PromotionEntry).where(
        PromotionEntry.owner == owner, PromotionEntry.style_id == style
    )
    if base is not None:
        wanted = wanted.where(PromotionEntry.base_revision == base)
    return session.exec(wanted.order_by(col(PromotionEntry.seq))).all()


def _taken_out(session: Session, entry: AdapterEntry) -> bool:
    last = session.exec(
        select(PromotionEntry.kind)
        .where(PromotionEntry.about_seq == entry.seq)
        .order_by(col(PromotionEntry.seq).desc())
        .limit(1)
    ).one_or_none()
    return last == "retire"


def _entry(session: Session, owner: str, address: str) -> AdapterEntry | None:
    return session.exec(
        select(AdapterEntry).where(AdapterEntry.owner == owner, AdapterEntry.id == address)
    ).one_or_none()


def _seq(entry: AdapterEntry) -> int:
    if entry.seq is None:
        raise ValueError("an adapter must be flushed before it is referred to")
    return entry.seq


def _json(report: Mapping[str, JsonValue]) -> str:
    return json.dumps(report, ensure_ascii=False, sort_keys=True)
