"""Decides how to say it: picks the way of drafting that the model at hand can do."""

from engine.protocols import Embedder, Stylist, TextModel
from engine.stepwise import StepwiseStylist
from engine.whole import WholeStylist


def make_stylist(model: TextModel, embedder: Embedder) -> Stylist:
    """Return a stylist for a model: whole notes from one that can, point by point from others."""
    if model.card.writes_plans:
        return WholeStylist(model, embedder)
    return StepwiseStylist(model, embedder)
