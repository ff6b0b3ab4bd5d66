"""When a report may be made: never more often than a share of the training's time pays for.

A kind of report comes when four things hold, for t seconds of training so far:

    t ≥ first_seconds               there is something to hear
    t ≥ GROWTH · (its last time)    as learning slows down, so do the reports: a night brings tens
                                    of each kind, not thousands
    spent + cost ≤ DURING · share · t     it is paid for; what is left of the share is for the end
    no other kind waits longer      they take turns

The first report of each kind comes on credit, since nobody knows what it will cost: the next one,
of any kind, waits until it is paid back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

GROWTH = 1.25  # of the time between reports of one kind
DURING = 2 / 3  # part of the share that is spent before the end


@dataclass
class Budget:
    """The account of a training's reports.

    Args:
        share: part of the training's time that reports may take, 0 to 1.
        first_seconds: the first report comes after so many seconds of training.
        spent: seconds that reports took so far.
        costs: seconds that the last report of each kind took.
        times: seconds of training at which it was made.
    """

    share: float
    first_seconds: float
    spent: float = 0.0
    costs: dict[str, float] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)

    def due(self, kinds: Sequence[str], seconds: float) -> str | None:
        """The kind of report to make now, of those in `kinds`, or None.

        Args:
            kinds: in the order in which they come first.
            seconds: of training so far, over all resumptions.
        """
        if seconds < self.first_seconds:
            return None
        waiting = min(kinds, key=lambda kind: self.times.get(kind, -1.0), default=None)
        if waiting is None or seconds < GROWTH * self.times.get(waiting, 0.0):
            return None
        on_credit = not self.times  # even that of the others
        return (
            waiting if on_credit or self._affords(waiting, DURING * self.share, seconds) else None
        )

    def due_at_end(self, kinds: Sequence[str], seconds: float) -> list[str]:
        """The kinds of report that the whole share still pays for, in the order given.

        One that was never made is taken to cost as much as the dearest: there is no time left in
        which it could be paid back. A training that ends before its first report has none.
        """
        chosen: list[str] = []
        dearest = max(self.costs.values(), default=0.0)
        expected = self.spent
        for kind in kinds:
            cost = self.costs.get(kind, dearest)
            if self.times and expected + cost <= self.share * seconds:
                expected += cost
                chosen.append(kind)
        return chosen

    def cost(self, kind: str) -> float:
        """Seconds that a report of this kind is expected to take, 0 if there was none yet."""
        return self.costs.get(kind, 0.0)

    def book(self, kind: str, seconds: float, cost: float) -> None:
        """A report was made (or failed) at `seconds` of training and took `cost` seconds."""
        self.spent += cost
        self.costs[kind] = cost
        self.times[kind] = seconds

    def state(self) -> dict[str, Any]:
        """Plain values to store with a checkpoint."""
        return {"spent": self.spent, "costs": dict(self.costs), "times": dict(self.times)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the account of an earlier part of the same training."""
        self.spent = float(state["spent"])
        self.costs = {str(kind): float(cost) for kind, cost in state["costs"].items()}
        self.times = {str(kind): float(time) for kind, time in state["times"].items()}

    def _affords(self, kind: str, share: float, seconds: float) -> bool:
        return self.spent + self.cost(kind) <= share * seconds
