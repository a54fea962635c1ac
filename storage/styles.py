"""Profiles and the styles that name them, inside the caller's transaction."""

from collections.abc import Collection, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from engine.errors import InvalidRequest, NotFound
from engine.types import StyleProfile, StyleSample, utc_now
from storage.canonical import canonical, digest
from storage.records import StyleHistory, StyleRow
from storage.tables import NoteEntry, ProfileEntry, StyleEntry, VersionEntry


def save_profile(session: Session, owner: str, profile: StyleProfile, *, new: bool) -> str:
    """Store a profile and, where it is named, make it the newest version of its style.

    A profile that some style already has is left alone, unless a `new` style is asked for: a note
    may be finished in a style that was renamed or deleted while it was written.
    """
    if not profile.name:
        return _keep(session, owner, profile)
    if not new and style_of(session, owner, profile.name, profile.digest()) is not None:
        return profile.digest()
    style = _entry(session, owner, profile.name)
    if style is None:
        style = StyleEntry(owner=owner, name=profile.name, updated_at=utc_now())
    else:
        _refuse_taken(session, style, profile, new=new)
        style.updated_at = utc_now()
    session.add(style)
    session.flush()
    address = _keep(session, owner, profile)
    _add_version(session, style, profile.version, address)
    return address


def profile(session: Session, owner: str, address: str) -> StyleProfile:
    """Return a profile by content address."""
    entry = session.get(ProfileEntry, (owner, address))
    if entry is None:
        raise NotFound(f"There is no style profile {address!r}; pick a style from the list.")
    return StyleProfile.model_validate_json(entry.body)


def style(session: Session, owner: str, name: str, version: int | None) -> StyleProfile:
    """Return a style's newest (or given) version."""
    entry = _entry(session, owner, name)
    if entry is None or entry.deleted_at is not None:
        raise NotFound(f"There is no style named {name!r}; pick one of the saved styles.")
    found = _version(session, entry, version)
    if found is None:
        raise NotFound(f"Style {name!r} has no version {version}; leave the version out.")
    return profile(session, owner, found.digest)


def styles(session: Session, owner: str) -> Sequence[StyleRow]:
    """List styles by name, deleted ones left out."""
    notes = dict(
        session.exec(
            select(NoteEntry.style_id, func.count())
            .where(NoteEntry.owner == owner, col(NoteEntry.deleted_at).is_(None))
            .group_by(col(NoteEntry.style_id))
        ).all()
    )
    newest = select(func.max(VersionEntry.id)).group_by(col(VersionEntry.style_id))
    rows = session.exec(
        select(StyleEntry, VersionEntry.version, ProfileEntry.language, ProfileEntry.samples)
        .join(VersionEntry, col(VersionEntry.style_id) == col(StyleEntry.id))
        .join(
            ProfileEntry,
            (col(ProfileEntry.owner) == col(VersionEntry.owner))
            & (col(ProfileEntry.digest) == col(VersionEntry.digest)),
        )
        .where(StyleEntry.owner == owner, col(StyleEntry.deleted_at).is_(None))
        .where(col(VersionEntry.id).in_(newest))
        .order_by(func.lower(StyleEntry.name), StyleEntry.name)
    )
    return [
        StyleRow(
            name=entry.name,
            language="zh" if language == "zh" else "en",
            version=version,
            samples=samples,
            notes=notes.get(entry.id, 0),
            updated_at=entry.updated_at,
        )
        for entry, version, language, samples in rows
    ]


def rename(session: Session, owner: str, name: str, new_name: str) -> None:
    """Rename a style; each version gets a profile with the new name."""
    entry = _existing(session, owner, name)
    if not new_name.strip():
        raise InvalidRequest("A style needs a name; type one.", field="name")
    if new_name == name:
        return
    _refuse_name(_entry(session, owner, new_name))
    for version, address in _versions_in_force(session, entry).items():
        renamed = profile(session, owner, address).model_copy(update={"name": new_name})
        _add_version(session, entry, version, _keep(session, owner, renamed))
    entry.name, entry.updated_at = new_name, utc_now()
    session.add(entry)


def set_deleted(session: Session, owner: str, name: str, *, deleted: bool) -> None:
    """Hide or restore a style."""
    entry = _existing(session, owner, name)
    if (entry.deleted_at is not None) != deleted:
        entry.deleted_at = utc_now() if deleted else None
        session.add(entry)


def taken_out(session: Session, owner: str, name: str) -> frozenset[str]:
    """Return the ids of samples that a style once had; all it ever had where it was deleted."""
    entry = _existing(session, owner, name)
    versions = [profile(session, owner, address) for address in _digests(session, entry)]
    had = frozenset(sample.id for version in versions for sample in version.samples)
    if entry.deleted_at is not None:
        return had
    return had - {sample.id for sample in versions[-1].samples}


def past_sample(session: Session, owner: str, name: str, sample_id: str) -> StyleSample:
    """Return a sample that a style has or once had."""
    entry = _existing(session, owner, name)
    for address in reversed(_digests(session, entry)):
        for sample in profile(session, owner, address).samples:
            if sample.id == sample_id:
                return sample
    raise NotFound(f"Style {name!r} never had the sample {sample_id!r}; choose one that it lists.")


def histories(session: Session, owner: str) -> Sequence[StyleHistory]:
    """Return every style, deleted ones too, with all its profiles in the order they were added."""
    entries = session.exec(
        select(StyleEntry).where(StyleEntry.owner == owner).order_by(col(StyleEntry.id))
    )
    return [
        StyleHistory(
            name=entry.name,
            profiles=tuple(profile(session, owner, d) for d in _digests(session, entry)),
            deleted=entry.deleted_at is not None,
        )
        for entry in entries
    ]


def put_back(session: Session, owner: str, history: StyleHistory) -> bool:
    """Add what is missing of a style; say whether anything was. What stands here stays in force."""
    addresses = [_keep(session, owner, one) for one in history.profiles]
    entry = _holder(session, owner, addresses)
    if entry is None:
        _refuse_name(_entry(session, owner, history.name))
        when = utc_now()
        deleted = when if history.deleted else None
        entry = StyleEntry(owner=owner, name=history.name, updated_at=when, deleted_at=deleted)
        session.add(entry)
        session.flush()
    known, newest = set(_digests(session, entry)), _version(session, entry, None)
    by_address = dict(zip(addresses, history.profiles, strict=True))
    missing = [address for address in addresses if not known or address not in known]
    for address in missing:
        _add_version(session, entry, by_address[address].version, address)
    if missing and newest is not None:
        if newest.digest not in by_address:
            _add_version(session, entry, newest.version, newest.digest)
        elif _entry(session, owner, history.name) is None:
            entry.name = history.name
            session.add(entry)
    return bool(missing)


def style_of(session: Session, owner: str, name: str, address: str) -> int | None:
    """Return the style that a note's profile belongs to: the one so named before any other."""
    rows = session.exec(
        select(StyleEntry.id, StyleEntry.name)
        .join(VersionEntry, col(VersionEntry.style_id) == col(StyleEntry.id))
        .where(VersionEntry.owner == owner, VersionEntry.digest == address)
        .order_by(col(VersionEntry.id))
    ).all()
    named = [key for key, its_name in rows if its_name == name]
    return (named or [key for key, _ in rows] or [None])[0]


def style_id(session: Session, owner: str, name: str) -> int | None:
    """Return the key of a style, deleted or not."""
    entry = _entry(session, owner, name)
    return None if entry is None else entry.id


def _entry(session: Session, owner: str, name: str) -> StyleEntry | None:
    return session.exec(
        select(StyleEntry).where(StyleEntry.owner == owner, StyleEntry.name == name)
    ).one_or_none()


def _holder(session: Session, owner: str, addresses: Collection[str]) -> StyleEntry | None:
    """Return the style that has one of these profiles, whatever it is called today."""
    return session.exec(
        select(StyleEntry)
        .join(VersionEntry, col(VersionEntry.style_id) == col(StyleEntry.id))
        .where(VersionEntry.owner == owner, col(VersionEntry.digest).in_(addresses))
        .order_by(col(VersionEntry.id))
        .limit(1)
    ).one_or_none()


def _digests(session: Session, entry: StyleEntry) -> Sequence[str]:
    return session.exec(
        select(VersionEntry.digest)
        .where(VersionEntry.style_id == entry.id)
        .order_by(col(VersionEntry.id))
    ).all()


def _existing(session: Session, owner: str, name: str) -> StyleEntry:
    entry = _entry(session, owner, name)
    if entry is None:
        raise NotFound(f"There is no style named {name!r}; pick one of the saved styles.")
    return entry


def _keep(session: Session, owner: str, profile: StyleProfile) -> str:
    body = canonical(profile)
    address = digest(body)
    if session.get(ProfileEntry, (owner, address)) is None:
        session.add(
            ProfileEntry(
                owner=owner,
                digest=address,
                language=profile.language,
                samples=len(profile.samples),
                created_at=utc_now(),
                body=body,
            )
        )
        session.flush()
    return address


def _add_version(session: Session, entry: StyleEntry, version: int, address: str) -> None:
    if entry.id is None:
        raise ValueError("a style must be flushed before it gets versions")
    session.add(VersionEntry(style_id=entry.id, version=version, owner=entry.owner, digest=address))
    session.flush()


def _version(session: Session, entry: StyleEntry, version: int | None) -> VersionEntry | None:
    wanted = select(VersionEntry).where(VersionEntry.style_id == entry.id)
    if version is not None:
        wanted = wanted.where(VersionEntry.version == version)
    return session.exec(wanted.order_by(col(VersionEntry.id).desc()).limit(1)).one_or_none()


def _versions_in_force(session: Session, entry: StyleEntry) -> dict[int, str]:
    rows = session.exec(
        select(VersionEntry.version, VersionEntry.digest)
        .where(VersionEntry.style_id == entry.id)
        .order_by(col(VersionEntry.id))
    ).all()
    last = dict(rows)
    return {version: last[version] for version in sorted(last)}


def _refuse_taken(session: Session, entry: StyleEntry, profile: StyleProfile, *, new: bool) -> None:
    if new or entry.deleted_at is not None:
        _refuse_name(entry)
    newest = _version(session, entry, None)
    if newest is None or profile.version > newest.version:
        return
    stored = session.get(ProfileEntry, (entry.owner, newest.digest))
    # The same profile, written when its empty lists still counted in its address, is no change.
    if stored is None or StyleProfile.model_validate_json(stored.body) != profile:
        raise InvalidRequest(
            f"Style {entry.name!r} was changed meanwhile (it is at version {newest.version}); "
            "open it again and repeat the change.",
            field="name",
        )


def _refuse_name(entry: StyleEntry | None) -> None:
    if entry is None:
        return
    which = "A deleted style" if entry.deleted_at is not None else "Another style"
    remedy = "restore it or choose" if entry.deleted_at is not None else "choose"
    raise InvalidRequest(
        f"{which} is already called {entry.name!r}; {remedy} another name.", field="name"
    )
