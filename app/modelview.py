"""The Models tab's HTML: this machine, each model with what it takes, and what comes just now.

Pure functions; every text is escaped.
"""

from collections.abc import Mapping, Sequence
from html import escape

from app.i18n import Texts
from app.improveview import duration
from app.messages import told
from app.modeljobs import AT_WORK, Seen
from app.modelrows import Machine, ModelRow
from app.render import status_line
from engine.models.catalogue import CatalogueEntry, HubFile, Opinion, Role


def size_text(size: int | None) -> str:
    """Return bytes as "1.1 GB" or "491 MB"."""
    if size is None:
        return "–"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


# ------------------------------------------------------------------ the machine


def machine_view(
    machine: Machine, now: Mapping[Role, str], coming: Mapping[Role, str], t: Texts
) -> str:
    """Return what there is to run on, and which model does what."""
    free = machine.memory
    cores = t("models.cores_one") if machine.cores == 1 else ""
    facts = [
        ("models.cores", cores or t("models.cores_value", count=machine.cores)),
        ("models.memory", t("models.memory_unknown") if free is None
         else t("models.memory_value", size=size_text(free))),
        ("models.disk", t("models.disk_value", free=size_text(machine.disk_free),
                          used=size_text(machine.disk_used))),
        *((f"models.{role}", _in_role(role, now, coming, t)) for role in coming),
    ]  # fmt: skip
    items = "".join(f"<dt>{escape(t(key))}</dt><dd>{escape(said)}</dd>" for key, said in facts)
    return f'<h3>{escape(t("models.title"))}</h3><dl class="machine">{items}</dl>'


def _in_role(role: Role, now: Mapping[Role, str], coming: Mapping[Role, str], t: Texts) -> str:
    name = now.get(role, "")
    if name == coming[role]:
        return name
    return f"{name or t('models.not_loaded')} ({t('models.next', name=coming[role])})"


# ------------------------------------------------------------------ what comes just now


def coming_view(rows: Sequence[ModelRow], t: Texts) -> str:
    """Return the downloads at work, with how far they are."""
    return "".join(_coming(row, t) for row in rows if row.seen.state in AT_WORK)


def _coming(row: ModelRow, t: Texts) -> str:
    seen, name = row.seen, row.entry.name
    share = seen.done / seen.total if seen.total else 0.0
    label = escape(t("models.progress", name=name))
    pause = "" if seen.elsewhere else _button("pause", name, t("models.pause"))
    return (
        f'<section class="job coming" data-name="{escape(name)}" data-state="{seen.state}">'
        f"{status_line(_stage(seen, name, t))}"
        f'<progress max="1" value="{share:.3f}" aria-label="{label}">{share:.0%}</progress>'
        f'<div class="actions">{pause}<span class="meta">{escape(_rate(seen, t))}</span></div>'
        "</section>"
    )


def _stage(seen: Seen, name: str, t: Texts) -> str:
    if seen.state != "downloading":
        return t(f"models.{seen.state}", name=name)
    key = "models.watched" if seen.elsewhere else "models.downloading"
    return t(key, name=name, done=size_text(seen.done), total=size_text(seen.total))


def _rate(seen: Seen, t: Texts) -> str:
    if seen.rate is None or seen.seconds_left is None:
        return ""
    left = duration(seen.seconds_left, t)
    return t("models.rate", rate=size_text(round(seen.rate)), time=left)


# ------------------------------------------------------------------ the models


def model_list(rows: Sequence[ModelRow], machine: Machine, t: Texts, *, asked: str = "") -> str:
    """Return the models; `asked` is "pull:NAME" or "drop:NAME" where a question is open."""
    if not rows:
        return f'<p class="hint">{escape(t("models.none"))}</p>'
    return f'<ul class="models">{"".join(_model(row, machine, t, asked) for row in rows)}</ul>'


def _model(row: ModelRow, machine: Machine, t: Texts, asked: str) -> str:
    name = row.entry.name
    question = ""
    if asked == f"pull:{name}" and row.entry.file and row.seen.state in {"absent", "paused"}:
        question = _ask_pull(row, row.entry.file, machine, t)
    elif asked == f"drop:{name}" and row.entry.file:
        question = _ask_drop(row, t)
    error = status_line(told(row.seen.error, t.language), kind="error")
    return (
        f'<li class="model" data-name="{escape(name)}" data-state="{row.seen.state}">'
        f"<header><h3>{escape(name)}</h3>{_roles(row, t)}</header>"
        f"{_facts(row, t)}{_tags(row, t)}{error}"
        f"{question or _actions(row, t)}{_details(row.entry, t)}</li>"
    )


def _roles(row: ModelRow, t: Texts) -> str:
    said = [(f"models.{_VERB[role]}_now", "is-now") for role in row.now]
    said += [(f"models.{_VERB[role]}_next", "is-next") for role in row.next if role not in row.now]
    marks = "".join(f'<span class="{kind}">{escape(t(key))}</span>' for key, kind in said)
    return f'<span class="model-roles">{marks}</span>' if marks else ""


_VERB: dict[Role, str] = {"planner": "plans", "stylist": "writes"}


def _facts(row: ModelRow, t: Texts) -> str:
    facts = t(
        "models.facts",
        parameters=_parameters(row.entry.parameters, t),
        size=size_text(row.size),
        memory=size_text(row.needs),
    )
    speed = ""
    if row.speed is not None:
        said = t("models.speed", speed=f"{float(f'{row.speed:.2g}'):g}")
        said = said if row.speed >= 1 else t("models.slow")
        speed = f' · <span title="{escape(t("models.speed_why"))}">{escape(said)}</span>'
    return f'<p class="meta">{escape(facts)}{speed} · {escape(row.entry.licence)}</p>'


def _parameters(count: int, t: Texts) -> str:
    if count < 1e9:
        return t("models.million", number=f"{count / 1e6:.0f}")
    return t("models.billion", number=f"{count / 1e9:.1f}")


def _tags(row: ModelRow, t: Texts) -> str:
    entry = row.entry
    tags = [("models.en_zh" if "zh" in entry.languages else "models.en", "")]
    if row.fits is not None:
        tags.append(("models.fits", "is-good") if row.fits else ("models.too_large", "is-bad"))
    tags += [("models.good_planner", "")] if entry.planner.fit == "good" else []
    tags += [("models.good_stylist", "")] if entry.stylist.fit == "good" else []
    tags += [("models.learns", "")] if row.learns else []
    if row.seen.state == "ready":
        tags.append(("models.embedded" if entry.embedded else "models.here", "is-good"))
    items = "".join(f'<li class="{kind}">{escape(t(key))}</li>' for key, kind in tags)
    return f'<ul class="model-tags">{items}</ul>'


# ------------------------------------------------------------------ what can be done


def _actions(row: ModelRow, t: Texts) -> str:
    name, seen = row.entry.name, row.seen
    if seen.state in AT_WORK:
        return ""
    buttons = []
    if seen.state == "ready":
        buttons += [
            _button(f"{_VERB[role]}", name, t(f"models.use_{role}"))
            for role in _VERB
            if role not in row.next
        ]
    elif seen.state == "paused":
        left = t("models.resume", done=size_text(seen.done), total=size_text(seen.total))
        buttons.append(_button("pull", name, left))
    else:
        buttons.append(_button("ask", name, t("models.download")))
    if seen.state != "absent" and not row.entry.embedded and not (row.now or row.next):
        buttons.append(_button("askdrop", name, t("models.delete")))
    return f'<div class="actions">{"".join(buttons)}</div>' if buttons else ""


def _ask_pull(row: ModelRow, file: HubFile, machine: Machine, t: Texts) -> str:
    entry, free = row.entry, size_text(machine.disk_free)
    said = [
        t("models.ask", name=entry.name, licence=entry.licence),
        t("models.ask_commercial" if entry.commercial else "models.ask_research"),
        t("models.ask_read", repository=file.repository),
        t("models.ask_room", size=size_text(file.size), free=free),
    ]
    if "zh" not in entry.languages:
        said.append(t("models.ask_english"))
    if row.fits is False:
        memory = size_text(machine.memory)
        said.append(t("models.ask_memory", memory=size_text(row.needs), free=memory))
    yes = _button("pull", entry.name, t("models.yes", size=size_text(file.size)), "is-yes")
    return _question(said, yes, _button("keep", entry.name, t("models.no")))


def _ask_drop(row: ModelRow, t: Texts) -> str:
    size = row.seen.done if row.seen.state == "paused" else row.size
    said = t("models.ask_delete", name=row.entry.name, size=size_text(size))
    yes = _button("drop", row.entry.name, t("models.yes_delete"), "is-yes")
    return _question([said], yes, _button("keep", row.entry.name, t("models.keep")))


def _question(said: Sequence[str], *buttons: str) -> str:
    text = " ".join(escape(each) for each in said)
    return (
        f'<div class="model-ask" role="group"><p>{text}</p>'
        f'<div class="actions">{"".join(buttons)}</div></div>'
    )


def _button(event: str, value: str, text: str, kind: str = "") -> str:
    looks = f"quiet {kind}".strip()
    return (
        f'<button type="button" class="{looks}" data-{event}="{escape(value)}">'
        f"{escape(text)}</button>"
    )


# ------------------------------------------------------------------ details


def _details(entry: CatalogueEntry, t: Texts) -> str:
    lines = [
        _opinion("models.as_planner", entry.planner, t),
        _opinion("models.as_stylist", entry.stylist, t),
        escape(t("models.context", count=f"{entry.context:,}")),
    ]
    if (file := entry.file) is not None:
        named = {"file": file.name, "quantisation": file.quantisation}
        lines.append(escape(t("models.file", **named, repository=file.repository)))
        known = t("models.checksum", sha256=file.sha256[:12]) if file.sha256 else ""
        lines.append(escape(known or t("models.no_checksum")))
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<details class="model-more"><summary>{escape(t("models.more"))}</summary>'
        f"<ul>{items}</ul></details>"
    )


def _opinion(key: str, opinion: Opinion, t: Texts) -> str:
    source = t("models.source", source=opinion.source[t.language])
    said = escape(opinion.why[t.language])
    return f"<b>{escape(t(key))}</b>: {said} <small>{escape(source)}</small>"
