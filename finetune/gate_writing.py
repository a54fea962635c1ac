"""How an item of the gate is written: one draft, on the same plan and seed by either adapter."""

from zlib import crc32

from engine.notebench.asking import request_for
from engine.planner import build_plan
from engine.protocols import StopCheck, Stylist
from engine.types import MAX_SEED, Draft, StyleProfile
from finetune.gate_items import GateItem


def written(
    stylist: Stylist,
    one: GateItem,
    profile: StyleProfile,
    adapter: str | None,
    seed: int,
    should_stop: StopCheck,
) -> str:
    """Return an adapter's text for an item; empty where it writes nothing."""
    seed = (seed + crc32(one.item.id.encode())) % (MAX_SEED + 1)
    request = request_for(one.item, drafts=1, seed=seed)
    plan = one.plan or build_plan(request, {})
    for event in stylist.draft(request, profile, plan, adapter=adapter, should_stop=should_stop):
        if isinstance(event, Draft):
            return event.text
    return ""
