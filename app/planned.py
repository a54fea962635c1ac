"""The systems of NoteBench that learned with moves, and what each of them does without."""

from engine.moves import Part

VISIBLE = "planned-visible"
PLANNED_WITHOUT: dict[str, tuple[Part, ...]] = {
    "planned-words": ("words",),
    "planned-syntax": ("shape",),
    "planned-pragmatics": ("manner",),
}
PLANNED = {
    "planned": "The stylist, one draft; learned with moves, writes without (silent).",
    VISIBLE: "The same adapter: says how each sentence is to be put, then writes it.",
    "planned-words": "planned, learned without signature words and marks.",
    "planned-syntax": "planned, learned without sentence shapes.",
    "planned-pragmatics": "planned, learned without what sentences do.",
    "planned-plan": "planned, learned from the same rows without any moves.",
    "planned+dpo": "planned, then pairs that share their moves.",
}


def adapter_of(system: str) -> str:
    """Return the name of the adapter that a system writes with: mostly its own."""
    return "planned" if system == VISIBLE else system
