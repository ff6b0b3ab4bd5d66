"""A folder of pairs inspected: how each lies, what there is to learn, and what its knobs did."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from vschaos2.audio import SoundReader, UnreadableAudio
from vschaos2.data.knobs import Knob, read_knobs
from vschaos2.data.pair_files import Pair, find_pairs
from vschaos2.data.pairs import PairedSound, rate_of, read_pair
from vschaos2.dsp.common_shifts import common_shifts
from vschaos2.errors import InputError
from vschaos2.inspection.device_kind import DeviceKind, device_kind
from vschaos2.inspection.findings import SEVERITIES, Finding, duration, findings_of
from vschaos2.inspection.repeats import Repeat, find_repeat
from vschaos2.inspection.sounds import clipping_of
from vschaos2.progress import follow
from vschaos2.terminal import printable

EARLY_S = 0.002  # by which wet may come before dry
QUIET_FRAME_S = 0.05
SILENT_DB, LOWEST_DB = -80.0, -200.0  # below the first a dry frame is silent
LOUD_FLOOR_DB = -60.0  # a noise floor that is heard
DRIFT_SAMPLES = 1.0  # over a pair: what drift is worth a word
DRIFT_PPM = 3.0
LEARNABLE_ESR = 1e-4  # below that a linear filter is all there is
REPEATS_ESR = 0.01
LEAST_SECONDS = 10.0


@dataclass(frozen=True)
class PairFacts:
    """What was found of one pair.

    Attributes:
        name: of the pair.
        seconds: that both have.
        channels: of dry and wet.
        delay_samples: of the wet file against the dry one, at the rate of the report.
        removed_samples: the whole ones of them that a training takes off.
        polarity: 1 or -1.
        gain_db: of wet over dry.
        drift_ppm: of the clock of the wet file.
        peak_db: of the dry file, of full scale: the level the device was driven with.
        noise_floor_db: RMS of wet where dry is silent; None where it never is.
        clipping: where the files clip, in words; empty if nowhere.
        repeat: a passage that was played twice; None if there is none.
        kind: which kind of device it looks like.
    """

    name: str
    seconds: float
    channels: tuple[int, int]
    delay_samples: float
    removed_samples: int
    polarity: int
    gain_db: float
    drift_ppm: float
    peak_db: float
    noise_floor_db: float | None
    clipping: str
    repeat: Repeat | None
    kind: DeviceKind

    def line(self) -> str:
        """All of it in one line."""
        floor = "unknown" if self.noise_floor_db is None else f"{self.noise_floor_db:.0f} dB"
        turned = ", polarity turned" if self.polarity < 0 else ""
        repeats = f", repeats itself to ESR {self.repeat.esr:.2g}" if self.repeat else ""
        return (
            f"{duration(self.seconds)}, delay {self.delay_samples:.2f} samples "
            f"({self.removed_samples} are taken off){turned}, gain {self.gain_db:+.1f} dB, "
            f"noise floor {floor}, drift {self.drift_ppm:+.1f} ppm{repeats}; a linear filter "
            f"leaves ESR {self.kind.linear_esr:.3g}: looks {self.kind.kind}"
        )


@dataclass(frozen=True)
class PairReport:
    """Everything an inspection of pairs found.

    Attributes:
        root: the folder.
        sample_rate_hz: at which they were compared; 0 if there was none.
        pairs: those that could be aligned.
        knobs: of the device.
        findings: what should be mended or known.
    """

    root: Path
    sample_rate_hz: int = 0
    pairs: list[PairFacts] = field(default_factory=list)
    knobs: list[Knob] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """Number of findings that must be mended."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def kind(self) -> DeviceKind | None:
        """What the pair looks like whose wet sound a linear filter explains least."""
        kinds = [pair.kind for pair in self.pairs]
        return max(kinds, key=lambda kind: kind.linear_esr, default=None)

    def text(self) -> str:
        """The facts in aligned lines, and every finding with its remedy, the gravest first."""
        rows = {"pairs": str(self.root)}
        if self.pairs:
            seconds = sum(pair.seconds for pair in self.pairs)
            rows["sound"] = (
                f"{len(self.pairs)} pairs, {duration(seconds)}, {self.sample_rate_hz} Hz"
            )
        rows |= {pair.name: pair.line() for pair in self.pairs}
        rows |= {f"knob {knob.name}": _positions(knob) for knob in self.knobs}
        if self.kind:
            rows["device"] = f"looks {self.kind.kind}: --config-name {self.kind.configuration} fits"
        counts = [
            f"{count} {severity}" + ("s" if count > 1 else "")
            for severity in SEVERITIES
            if (count := sum(finding.severity == severity for finding in self.findings))
        ]
        rows["findings"] = ", ".join(counts) or "none"
        width = min(max(map(len, rows)), 28)
        lines = [f"{name:<{width}}  {text}" for name, text in rows.items()]
        for finding in sorted(self.findings, key=lambda f: SEVERITIES.index(f.severity)):
            lines += finding.lines()
        return "\n".join(map(printable, lines))

    def to_json(self) -> str:
        """All facts and findings as one JSON object."""
        knobs = [
            {"name": k.name, "lowest": k.lowest, "highest": k.highest, "positions": k.positions}
            for k in self.knobs
        ]
        kinds = {pair.name: pair.kind for pair in self.pairs}
        pairs = [
            {**asdict(pair), "repeat": pair.repeat and pair.repeat._asdict(),
             "kind": {**kinds[pair.name]._asdict(), "configuration": pair.kind.configuration}}
            for pair in self.pairs
        ]  # fmt: skip
        content = {
            "root": str(self.root), "sample_rate_hz": self.sample_rate_hz, "pairs": pairs,
            "knobs": knobs, "findings": [asdict(finding) for finding in self.findings],
            "errors": self.errors,
        }  # fmt: skip
        return json.dumps(content, indent=2)


def inspect_pairs(root: Path) -> PairReport:
    """The facts of a folder of pairs, and everything in it that should be mended.

    Args:
        root: the folder; see `pair_files`.
    """
    try:
        pairs = find_pairs(root)
    except InputError as error:
        return PairReport(
            root, findings=[_refused("no pairs, or pairs that are not complete", error)]
        )
    unreadable = _unreadable(pairs)
    if unreadable:
        return PairReport(root, findings=unreadable)
    findings, knobs = [], []
    try:
        knobs = read_knobs(root, pairs)
    except InputError as error:
        findings.append(_refused("knobs that are not read", error))
    try:
        rate_hz = rate_of(pairs)
    except InputError as error:
        findings.append(_refused("rates that differ", error))
        return PairReport(root, knobs=knobs, findings=findings)
    facts, alignments, refused = [], [], []
    for pair in follow(pairs, "comparing", "pair", len(pairs), leave=False):
        try:
            sound = read_pair(pair, rate_hz)
            facts.append(facts_of(pair, sound))
        except InputError as error:
            refused.append(str(error))
        else:
            alignments.append(sound.alignment)
    for place, shift in enumerate(common_shifts(alignments)):
        facts[place] = replace(facts[place], removed_samples=shift)
    findings += findings_of(
        refused, "error", "pairs that cannot be learned from", "each line says what it wants"
    )
    return PairReport(root, rate_hz, facts, knobs, findings + _findings(facts, knobs, rate_hz))


def _unreadable(pairs: Sequence[Pair]) -> list[Finding]:
    """What is called a sound, and is none: nothing can be said of the others' rates beside it."""
    reasons = []
    for path in sorted({path for pair in pairs for path in (pair.dry, pair.wet)}):
        try:
            with SoundReader(path):
                pass
        except UnreadableAudio as error:
            reasons.append(str(error))
    remedy = "repair these files, convert them to WAV or remove them with their partners"
    return findings_of(reasons, "error", "unreadable files", remedy)


def facts_of(pair: Pair, sound: PairedSound) -> PairFacts:
    """What is found of one pair.

    Args:
        pair: its files.
        sound: what was read of them.

    Raises:
        InputError: if they cannot be read.
    """
    rate_hz, found = sound.sample_rate_hz, sound.alignment
    dry, wet = (
        signal[int(np.square(signal).sum(1).argmax())].astype(np.float64)
        for signal in (sound.dry, sound.wet)
    )
    clips = []
    for name, path in (("dry", pair.dry), ("wet", pair.wet)):
        with SoundReader(path) as file:
            clip = clipping_of(file)
        clips += [f"{name}: {clip}"] if clip else []
    return PairFacts(
        name=pair.name,
        seconds=sound.dry.shape[1] / rate_hz,
        channels=(len(sound.dry), len(sound.wet)),
        delay_samples=found.delay_samples,
        removed_samples=found.shift,
        polarity=found.polarity,
        gain_db=_db(found.gain),
        drift_ppm=found.drift_ppm,
        peak_db=_db(float(np.abs(dry).max())),
        noise_floor_db=noise_floor_db(dry, wet, rate_hz),
        clipping=", ".join(clips),
        repeat=find_repeat(dry, wet, rate_hz),
        kind=device_kind(dry, wet, rate_hz),
    )


def noise_floor_db(dry: np.ndarray, wet: np.ndarray, sample_rate_hz: int) -> float | None:
    """RMS of the quietest wet frame of 50 ms over silent dry ones, in dB; None if there are none.

    Shape: [T], [T].
    """
    frame = round(QUIET_FRAME_S * sample_rate_hz)
    count = len(dry) // frame
    if count == 0:
        return None
    frames = [signal[: count * frame].reshape(count, frame) for signal in (dry, wet)]
    dry_rms, wet_rms = (np.sqrt(np.square(block).mean(1)) for block in frames)
    silent = dry_rms < 10.0 ** (SILENT_DB / 20.0)
    return _db(float(wet_rms[silent].min())) if silent.any() else None


def _findings(facts: Sequence[PairFacts], knobs: Sequence[Knob], rate_hz: int) -> list[Finding]:
    drifting = [
        f"{pair.name}: {pair.drift_ppm:+.1f} ppm"
        for pair in facts
        if abs(pair.drift_ppm) > DRIFT_PPM
        and abs(pair.drift_ppm) * 1e-6 * pair.seconds * rate_hz > DRIFT_SAMPLES
    ]
    noisy = [
        f"{pair.name}: {pair.noise_floor_db:.0f} dB"
        for pair in facts
        if pair.noise_floor_db is not None and pair.noise_floor_db > LOUD_FLOOR_DB
    ]
    unsteady = [
        f"{pair.name}: at {pair.repeat.first_s:.2f} and {pair.repeat.again_s:.2f} s, ESR "
        f"{pair.repeat.esr:.2g}"
        for pair in facts
        if pair.repeat and pair.repeat.esr > REPEATS_ESR
    ]
    early = [
        f"{pair.name}: {-pair.removed_samples / rate_hz * 1000.0:.1f} ms"
        for pair in facts
        if pair.removed_samples < -EARLY_S * rate_hz
    ]
    clipped = [f"{pair.name}: {pair.clipping}" for pair in facts if pair.clipping]
    linear = [pair.name for pair in facts if pair.kind.linear_esr < LEARNABLE_ESR]
    short = [f"{pair.name}: {pair.seconds:.1f} s" for pair in facts if pair.seconds < LEAST_SECONDS]
    fixed = [f"{knob.name}: {knob.lowest:g}" for knob in knobs if knob.lowest == knob.highest]
    return [
        *findings_of(drifting, "warning", "clocks that drift",
               "record dry and wet by one interface: its clock is the same for both"),
        *findings_of(clipped, "warning", "clipped recordings",
               "record them at a lower level, or keep them if the device itself clips so"),
        *findings_of(unsteady, "warning", "devices that do not repeat themselves",
               "noise, a slow memory or an oscillator of its own: no model comes nearer than that"),
        *findings_of(early, "warning", "wet recordings that come before the dry ones",
               "no device answers early: are dry and wet swapped? where the wet file begins later, "
               "all is well"),
        *findings_of(noisy, "note", "noise floors that are heard",
               "lower the noise of the cables, or record hotter"),
        *findings_of(linear, "note", "pairs that a linear filter explains",
               "an equaliser of that response does the same: is the device switched on?"),
        *findings_of(short, "note", f"pairs shorter than {LEAST_SECONDS:g} s",
               "a minute or two, soft and loud, low and high, tells more of a device"),
        *findings_of(fixed, "note", "knobs that stand still",
               "record other positions, or remove the knob: nothing of it can be learned"),
    ]  # fmt: skip


def _refused(what: str, error: InputError) -> Finding:
    return Finding("error", what, [str(error)], "the line says what it wants")


def _positions(knob: Knob) -> str:
    """Which positions of a knob occur, in one line."""
    shown = [f"{position:g}" for position in knob.positions[:8]]
    more = ["…"] if len(knob.positions) > len(shown) else []
    moving = sum(knob.moves(name) for name in knob.tracks)
    turned = f"; it moves in {moving} of {len(knob.tracks)} pairs" if moving else ""
    return f"{knob.lowest:g} to {knob.highest:g}, at {', '.join(shown + more)}{turned}"


def _db(ratio: float) -> float:
    return max(LOWEST_DB, 20.0 * float(np.log10(max(ratio, 1e-12))))
