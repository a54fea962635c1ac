"""The model card of an adapter: what it is, for which base, what it learned from, how it does."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from engine.adapter_files import GGUF
from engine.adapter_types import AdapterManifest

_CARD = """\
---
{head}
---

# A Notewright adapter for the style {style}

A LoRA of the seven projections that makes the stylist write in this style. It says how things are
said, not what is true: check facts. It works on its own base model only.

| | |
|---|---|
| base model | {base} (revision {revision}) |
| base file, SHA-256 | `{sha256}` |
| method | {method} |
| made | {made:%Y-%m-%d %H:%M} UTC |
| licence | {licence} |

## What it learned from

{sources}

manifest.json lists every id. The texts themselves are not in this folder, but a model may repeat
what it learned from: share it only where you may share them.

## Settings

{settings}

## Figures

{figures}

## Files

{files} Notewright checks all of them against manifest.json before it serves.
"""
_BOTH = """\
`adapter.gguf` is what llama.cpp serves; `adapter_model.safetensors` and `adapter_config.json` are
the same matrices for PEFT."""
_PEFT = """\
`adapter_model.safetensors` and `adapter_config.json` are PEFT's, which transformers serves."""


def model_card(manifest: AdapterManifest) -> str:
    """Return the card (Markdown, with the header that model hubs read) of an adapter.

    After the model cards of Mitchell et al. (2019).
    """
    return _CARD.format(
        head=_head(manifest),
        style=_plain(manifest.style or "of any samples"),
        base=_plain(manifest.base.name),
        revision=manifest.base.revision,
        sha256=manifest.base_sha256,
        method=_plain(manifest.method),
        made=manifest.created_at,
        licence=_plain(manifest.licence or "not stated"),
        sources=_counts(manifest.sources),
        settings=_table(manifest.settings),
        figures=_table(manifest.figures),
        files=_BOTH if GGUF in manifest.files else _PEFT,
    )


def _head(manifest: AdapterManifest) -> str:
    # JSON is YAML: what a person typed cannot break out of a quoted string.
    said = {
        "base_model": manifest.base.name,
        "library_name": "peft",
        "tags": ["lora", "notewright"],
    }
    lines = {**said, **({"license": manifest.licence.lower()} if manifest.licence else {})}
    return "\n".join(f"{key}: {json.dumps(value)}" for key, value in lines.items())


def _counts(sources: Mapping[str, tuple[str, ...]]) -> str:
    if not any(sources.values()):
        return "Not stated."
    return "\n".join(f"- {_plain(origin)}: {len(ids):,}" for origin, ids in sources.items())


def _table(values: Mapping[str, JsonValue] | Mapping[str, float]) -> str:
    if not values:
        return "Not stated."
    rows = [f"| {_plain(key)} | {_plain(_said(value))} |" for key, value in values.items()]
    return "\n".join(["| | |", "|---|---|", *rows])


def _said(value: JsonValue | float) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Return a text that stays in its cell."""
    return " ".join(text.replace("|", "\\|").split())
