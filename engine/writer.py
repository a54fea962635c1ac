"""The path from request to note: plan, draft, score, critique, at most one revision.

Owner: lead. `Writer` wires the seams together and yields events; it touches no database.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.events import Event
from engine.protocols import Critic, Embedder, Planner, Scorer, StopCheck, Stylist, never_stop
from engine.types import Plan, StyleProfile, WritingRequest


@dataclass(frozen=True)
class Writer:
    """Turns a request and a profile into a note."""

    planner: Planner
    stylist: Stylist
    critic: Critic
    scorer: Scorer
    embedder: Embedder

    def plan(
        self, request: WritingRequest, *, should_stop: StopCheck = never_stop
    ) -> Iterator[Event]:
        """Yield StageStarted, PlanWords… and PlanReady."""
        raise NotImplementedError

    def draft(
        self,
        request: WritingRequest,
        profile: StyleProfile,
        plan: Plan,
        *,
        should_stop: StopCheck = never_stop,
    ) -> Iterator[Event]:
        """Yield the drafts as they grow, their scores, the verdict and NoteReady (not yet stored)."""
        raise NotImplementedError
