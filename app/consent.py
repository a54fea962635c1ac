"""What may be learned from: the writer's word, who learned before it, and training anew without.

Everything may be learned from until its writer says no or deletes it. An adapter cannot unlearn:
one that learned from such a text is retired, and another is trained in its place.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.studio import Studio
from app.training import Training
from engine.adapter_types import Adapter, Overdue
from engine.errors import InvalidRequest, NotewrightError, NotFound
from engine.job_types import OPEN, TrainingJob
from finetune.orders import Order

WITHDRAWN = "It learned from a text that was refused or deleted since."
_ENDING_SECONDS, _POLL_SECONDS = 20.0, 0.1


@dataclass(frozen=True)
class Learned:
    """What an adapter learned from, as far as it is known here.

    `notes` and `samples` are titles by id, of those that are still there; `refused` are those of
    them that it should not have seen, as their writer says now. `deleted` and `taken_out` count
    notes and samples that are gone, `acts` ratings, choices and edits, `elsewhere` what is not of
    this library: rows of a file, or notes of where the adapter was made. `continued` is whether it
    went on from an earlier adapter, whose texts are counted too.
    """

    notes: Mapping[str, str]
    samples: Mapping[str, str]
    refused: frozenset[str]
    acts: int
    deleted: int
    taken_out: int
    elsewhere: int
    continued: bool


@dataclass(frozen=True)
class Forgotten:
    """The adapters that were retired, the jobs that train anew, and the styles where none began.

    `not_begun` says why, by style.
    """

    retired: Sequence[Adapter]
    jobs: Sequence[TrainingJob]
    not_begun: Mapping[str, str]


class Consent:
    """What a person can say about being learned from. Every method takes the owner it is for."""

    def __init__(self, studio: Studio, training: Training) -> None:
        """Keep the parts."""
        self._studio, self._training = studio, training

    def refused(self, owner: str) -> frozenset[str]:
        """Return the ids of the notes and samples that must not be learned from."""
        return self._studio.store.refused(owner)

    def say(self, owner: str, about: str, *, allowed: bool) -> None:
        """Say whether a note or sample (`Note.id`, `StyleSample.id`) may be learned from.

        A no keeps it out of all training to come; `overdue` names who learned from it before.

        Raises:
            InvalidRequest: `about` is no such id.
            NotFound: the note is not this owner's.
        """
        self._studio.store.set_consent(owner, about, allowed=allowed)

    def overdue(self, owner: str, about: Collection[str] | None = None) -> Sequence[Overdue]:
        """Return the adapters that can write and learned from what was refused or deleted since.

        Args:
            owner: whose adapters.
            about: only those that learned from one of these notes and samples; all if absent.
        """
        found = self._training.shelf.overdue(owner)
        return [each for each in found if about is None or not each.about.isdisjoint(about)]

    def forget(self, owner: str) -> Forgotten:
        """Retire all such adapters in one step, and train their styles again without the texts.

        What served before them, or the general adapter, writes until the new ones have passed. A
        style that was deleted is not trained.

        Raises:
            InvalidRequest: there is no such adapter.
        """
        found = self.overdue(owner)
        if not found:
            raise InvalidRequest(
                "No adapter learned from anything that was refused or deleted; nothing was changed."
            )
        addresses = [each.adapter.id for each in found]
        retired = self._training.shelf.retire(owner, addresses, WITHDRAWN)
        jobs: list[TrainingJob] = []
        not_begun: dict[str, str] = {}
        saved = {row.name for row in self._studio.styles(owner)}
        for style in dict.fromkeys(adapter.style for adapter in retired if adapter.style in saved):
            try:
                jobs.append(self._train_again(owner, style, retired))
            except NotewrightError as error:
                not_begun[style] = str(error)
        return Forgotten(retired, jobs, not_begun)

    def _train_again(self, owner: str, style: str, retired: Sequence[Adapter]) -> TrainingJob:
        """Start a job, unless one is under way that learns from nothing withdrawn."""
        under_way = next((j for j in self._training.jobs(owner, style) if j.state in OPEN), None)
        if under_way is not None:
            withdrawn = self._studio.store.withdrawn(owner, style)
            if not self._training.may_learn_from(under_way, withdrawn):
                return under_way
            self._training.ask(owner, under_way.id, "cancel")
            self._wait_for_end(under_way)
        order = self._way_of(owner, [each for each in retired if each.style == style])
        if order is None:
            return self._training.start(owner, style)
        asked = None if order.method == "auto" else order.method
        return self._training.start(owner, style, asked, rounds=order.rounds, trait=order.trait)

    def _way_of(self, owner: str, retired: Sequence[Adapter]) -> Order | None:
        """Return how the newest of a style's adapters was trained, so that the next one is too.

        A trait was taught on top of what the writer's judgements taught: those come first.
        """
        newest = sorted(retired, key=lambda each: each.manifest.created_at, reverse=True)
        orders = [told for each in newest if (told := self._training.order_of(owner, each))]
        return min(orders, key=lambda told: told.trait is not None, default=None)

    def _wait_for_end(self, job: TrainingJob) -> None:
        """Wait until a cancelled job has let go of its style; `start` complains if it has not."""
        until = time.monotonic() + _ENDING_SECONDS
        while time.monotonic() < until:
            if self._training.job(job.owner, job.id).state not in OPEN:
                return
            time.sleep(_POLL_SECONDS)

    def learned(self, owner: str, adapter: Adapter) -> Learned:
        """Return what an adapter learned from, in titles where there still are any."""
        sources = adapter.manifest.sources
        ids = {one for origin in sources.values() for one in origin}
        written = {one for one in ids if one.startswith("n1-")}
        read = {one for one in ids if one.startswith("s1-")}
        acts = sum(one.startswith("f1-") for one in ids)
        notes = self._studio.store.note_titles(owner, written)
        samples = {one: t for one, t in self._sample_titles(owner, adapter).items() if one in read}
        gone = self._studio.store.withdrawn(owner, adapter.style) & ids
        missing = gone - notes.keys() - samples.keys()
        return Learned(
            notes=notes,
            samples=samples,
            refused=gone - missing,
            acts=acts,
            deleted=len(missing & written),
            taken_out=len(missing & read),
            elsewhere=len(ids) - acts - len(notes) - len(samples) - len(missing),
            continued="earlier" in sources,
        )

    def _sample_titles(self, owner: str, adapter: Adapter) -> Mapping[str, str]:
        try:
            profile = self._studio.style(owner, adapter.style)
        except NotFound:
            return {}
        return {sample.id: sample.title for sample in profile.samples}
