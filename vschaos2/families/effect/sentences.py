"""What the card of an effect says in words."""

from collections.abc import Mapping
from typing import Any

from vschaos2.digits import three_digits

WORDS = ((0.01, "great"), (0.035, "good"), (0.1, "fair"), (0.3, "rough"))
AT = "esr at "  # before a position of the knobs, in what a training keeps
SHOWN = 6  # positions that a line has room for


def in_words(esr: float) -> str:
    """How good an error-to-signal ratio is."""
    return next((word for limit, word in WORDS if esr < limit), "poor")


def sentences(facts: Mapping[str, Any]) -> list[str]:
    """One for each thing that is known.

    Args:
        facts: `effect` of the card.
    """
    found = []
    esr = facts.get("held_out_esr")
    if esr is not None:
        found.append(f"ESR on what was held out: {three_digits(esr)}, {in_words(esr)}")
    found += _positions(facts.get("esr_by_position") or {})
    driven = facts.get("driven_at_most_dbfs")
    if driven is not None:
        found.append(f"driven at up to {driven:.1f} dBFS: it knows no louder sound")
    if "latency_removed_samples" in facts:
        found.append(_alignment(facts))
    if "aliasing_db" in facts:
        found.append(_aliasing(facts["aliasing_db"]))
    return found


def _positions(of: Mapping[str, float]) -> list[str]:
    """The ESR where the knobs stood; of many positions, the worst."""
    if not of:
        return []
    worst_first = sorted(of.items(), key=lambda each: -each[1])[:SHOWN]
    which = "ESR by position" if len(of) <= SHOWN else f"worst {SHOWN} of {len(of)} positions"
    shown = worst_first if len(of) > SHOWN else list(of.items())
    told = "; ".join(f"{name}: {three_digits(esr)}, {in_words(esr)}" for name, esr in shown)
    return [f"{which}, {told}"]


def _alignment(facts: Mapping[str, Any]) -> str:
    """How the recordings lay, and what of it the effect does."""
    late, spread = facts["latency_removed_samples"], facts.get("latency_differs_by_samples", 0)
    told = f"wet was {abs(late)} samples {'early' if late < 0 else 'late'}"
    told += f", give or take {spread}, which is taken off" if spread else ", which is taken off"
    if late == 0 and not spread:
        told = "wet was in time with dry"
    polarity = {
        "turned over": "the device turns the sound over, and so does this",
        "differs": "the sound is turned over in some recordings, not in all: mend that",
    }.get(facts.get("polarity", "kept"), "the sound is not turned over")
    return f"{told}; {polarity}"


def _aliasing(levels: Mapping[str, float] | None) -> str:
    """How loud what is no harmonic is."""
    if levels is None:
        return "aliasing not measured: it moves or rings by itself, and no tone stays one"
    told = ", ".join(f"{level:.0f} dB at {hz} Hz" for hz, level in levels.items())
    return f"of its answer to a tone, what is no harmonic, aliases above all: {told}"
