"""What an inspection of a dataset folder says: facts, and findings with their remedies."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from vschaos2.inspection.size import Size
from vschaos2.labels.words import Kind
from vschaos2.terminal import printable

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")  # the gravest first
SHOWN_PLACES = 3
KEPT_PLACES = 10_000  # who has more of one kind looks into the file itself
LINE_WIDTH = 90  # characters that places may fill to share a line


@dataclass(frozen=True)
class Finding:
    """Something to know about, with where it was found and how to mend it.

    unlisted: number of places beyond those in `where`.
    """

    severity: Severity
    what: str
    where: list[str]
    remedy: str
    unlisted: int = 0

    def lines(self) -> list[str]:
        """What and how often, the first places, and the remedy."""
        shown = self.where[:SHOWN_PLACES]
        count = len(self.where) + self.unlisted
        if count > len(shown):
            shown = [*shown, f"… and {count - len(shown)} more"]
        together = ", ".join(shown)
        places = [together] if len(together) <= LINE_WIDTH else shown
        head = f"{self.severity:<8} {self.what} ({count})"
        return [head, *(f"{'':<9}{detail}" for detail in [*places, f"→ {self.remedy}"])]


def findings_of(where: list[str], severity: Severity, what: str, remedy: str) -> list[Finding]:
    """One finding about all these places, none if there are none."""
    if not where:
        return []
    kept = where[:KEPT_PLACES]
    return [Finding(severity, what, kept, remedy, len(where) - len(kept))]


@dataclass(frozen=True)
class Recordings:
    """The sound of a dataset: durations in seconds, and files by sample rate and channels."""

    files: int
    total_s: float
    shortest_s: float
    median_s: float
    longest_s: float
    sample_rates_hz: dict[int, int]
    channels: dict[int, int]

    def line(self) -> str:
        """All of it in one line."""
        rates = _kinds({f"{rate} Hz": n for rate, n in self.sample_rates_hz.items()})
        names = {1: "mono", 2: "stereo"}
        channels = _kinds({names.get(c, f"{c} channels"): n for c, n in self.channels.items()})
        return (
            f"{self.files} files, {duration(self.total_s)} ({self.shortest_s:.3g} to "
            f"{self.longest_s:.3g} s, median {self.median_s:.3g} s), {rates}, {channels}"
        )


@dataclass(frozen=True)
class Training:
    """What a configuration would make of a dataset; windows start one hop apart.

    Of a single recording, stretches are held out; there are 0 where whole files are.
    """

    training_files: int
    training_windows: int
    held_out_files: int
    held_out_windows: int
    held_out_s: float
    frame_samples: int
    hop_samples: int
    files_short_of_a_window: int
    held_out_stretches: int

    def line(self) -> str:
        """All of it in one line."""
        held_out = (
            _plural(self.held_out_stretches, "stretch", "es") + " of it"
            if self.held_out_stretches
            else _plural(self.held_out_files, "file")
        )
        return (
            f"{_plural(self.training_files, 'file')}, {self.training_windows} windows of "
            f"{self.frame_samples} samples every {self.hop_samples}; held out: "
            f"{held_out}, {self.held_out_windows} windows, "
            f"{duration(self.held_out_s)}"
        )


@dataclass(frozen=True)
class TaskFacts:
    """A task of the metadata: how much is labelled and, for classes, how long each one sounds."""

    kind: Kind
    n_classes: int | None
    labelled_part: float
    labelled_files: int
    smallest: float | None
    largest: float | None
    seconds_by_class: dict[str, float]

    def line(self) -> str:
        """All of it in one line, but for the single classes."""
        if self.kind == "float":
            values = f"from {self.smallest:g} to {self.largest:g}" if self.labelled_files else ""
            kinds = f"continuous {values}".strip()
        else:
            present = sum(seconds > 0 for seconds in self.seconds_by_class.values())
            kinds = f"{self.n_classes} classes, {present} of them heard"
        return f"{kinds}; {self.labelled_part:.0%} of the sound is labelled"


@dataclass(frozen=True)
class Report:
    """Everything an inspection found.

    Recordings and training are None if nothing is usable, size if nobody asked for it.
    """

    root: Path
    recordings: Recordings | None = None
    training: Training | None = None
    tasks: dict[str, TaskFacts] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    size: Size | None = None

    @property
    def errors(self) -> int:
        """Number of findings that must be mended."""
        return sum(finding.severity == "error" for finding in self.findings)

    def summary(self) -> str:
        """The facts and the number of findings, in a few aligned lines."""
        rows = {"dataset": str(self.root)}
        if self.recordings:
            rows["sound"] = self.recordings.line()
        if self.training:
            rows["training"] = self.training.line()
        if self.size:
            rows |= self.size.rows()
        rows |= {f"task {name}": task.line() for name, task in self.tasks.items()}
        severities = [finding.severity for finding in self.findings]
        counts = [_plural(severities.count(s), s) for s in SEVERITIES if s in severities]
        rows["findings"] = ", ".join(counts) or "none"
        width = max(map(len, rows))
        return "\n".join(printable(f"{name:<{width}}  {text}") for name, text in rows.items())

    def text(self) -> str:
        """The summary, and every finding with its remedy, the gravest first."""
        findings = sorted(self.findings, key=lambda f: SEVERITIES.index(f.severity))
        return "\n".join(
            [self.summary(), *(printable(line) for f in findings for line in f.lines())]
        )

    def to_json(self) -> str:
        """All facts and findings, with up to 10 000 places each, as one JSON object."""
        content = {**asdict(self), "root": str(self.root), "errors": self.errors}
        return json.dumps(content, indent=2)  # ASCII: any file name can be printed


def duration(seconds: float) -> str:
    """A duration in the unit that suits it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _kinds(counts: Mapping[str, int]) -> str:
    """Names of kinds, with how many files are of each if there are several."""
    if len(counts) == 1:
        return next(iter(counts))
    return " + ".join(f"{name} ({count})" for name, count in counts.items())


def _plural(count: int, noun: str, ending: str = "s") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{ending}"
