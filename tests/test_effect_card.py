"""What the card of an effect says: aliasing by tones, positions, alignment, in words."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from vschaos2.data.takes import Take
from vschaos2.families.effect.aliasing import (
    PERIOD_SAMPLES,
    alias_level_db,
    measure_aliasing,
    tones,
)
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.family import kept
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.objective import EffectObjective
from vschaos2.families.effect.playable import playable
from vschaos2.families.effect.sentences import in_words, sentences
from vschaos2.generation.effect_evaluation import in_step
from vschaos2.nets.audio_rate import AudioNet

RATE = 44_100


class Power(AudioNet):
    """y = x + drive x³, or x alone with a delay of one sample in its state."""

    is_physical = True

    def __init__(self, n_knobs: int = 1) -> None:
        super().__init__(1, n_knobs, 1, RATE)
        self.state_size = 1
        self.heard: list[float] = []

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        self.heard.append(float(x.abs().max()))
        return x + knobs[:, :, :1] * x**3, state


def cubic(value: float = 0.0) -> EffectModel:
    return EffectModel(Power(), (Knob("drive", 0.0, 1.0, value),), RATE).eval()


def test_what_folds_is_told_from_harmonics():
    """cos³ = ¾ cos θ + ¼ cos 3θ: beyond half the rate a tenth of its power folds."""
    time = torch.arange(PERIOD_SAMPLES, dtype=torch.float64)
    for hz, due in ((1250, -200.0), (5000, -200.0), (10000, -10.0)):
        k = 2 * round((hz * PERIOD_SAMPLES / RATE - 1) / 2) + 1
        cube = torch.cos(2 * math.pi * k * time / PERIOD_SAMPLES) ** 3
        assert alias_level_db(cube + 0.3, k) == pytest.approx(due, abs=0.01 if due > -99 else 99)
    assert alias_level_db(torch.zeros(PERIOD_SAMPLES), 233) == 0.0


def test_the_worst_position_counts_and_the_tone_is_as_loud_as_the_device_was_driven():
    model = cubic()
    found = measure_aliasing(model, 0.5)
    peak = 0.5 * 10 ** (-6 / 20)
    assert max(model.net.heard) == pytest.approx(peak, rel=1e-3)
    low, *_, high = found.values()
    assert low < -100.0
    first, third = peak + 0.75 * peak**3, 0.25 * peak**3
    assert high == pytest.approx(10 * math.log10(third**2 / (first**2 + third**2)), abs=0.1)
    assert [float(hz) for hz in found] == pytest.approx([1250, 2500, 5000, 10000], abs=6.0)
    assert all(k % 2 == 1 for k in tones(RATE))


def test_what_moves_by_itself_is_not_measured():
    chain = EffectModel(ChainNet(1, 0, 1, RATE, ["phaser"]), (), RATE)
    assert measure_aliasing(chain, 0.5) is None
    assert measure_aliasing(EffectModel(ChainNet(1, 0, 1, RATE, ["gain"]), (), RATE), 0.5)


def batch(model: EffectModel, positions: list[float], gains: list[float]) -> dict:
    dry = torch.ones(len(positions), 64, 1)
    wet = dry * torch.tensor(gains)[:, None, None]
    knobs = torch.tensor(positions)[:, None, None].expand(-1, 64, 1)
    powers = {"esr": torch.ones(len(positions)), "esr_pre_emphasised": torch.ones(len(positions))}
    return {
        "dry": dry, "wet": wet, "knobs": knobs, "powers": powers, "warm_up": 0, "begins": True,
        "firsts": torch.zeros(len(positions)),
    }  # fmt: skip


class Data:
    """Takes that are late by what is given, and turned over or not."""

    def __init__(self, *lies: tuple[int, int]) -> None:
        self.takes = [
            SimpleNamespace(
                alignment={"delay_samples": s + 0.4, "shift": s, "polarity": p}, position="drive 0"
            )
            for s, p in lies
        ]
        self.split = SimpleNamespace(training=[SimpleNamespace(take=0)])

    def peaks(self) -> tuple[float, float]:
        return 0.5, 1.0


def test_a_training_keeps_the_error_at_each_position():
    model = cubic()
    objective = EffectObjective(model, {"esr": 1.0}, 64)
    objective.calibrate(model, None)
    # At 0 the model gives 1: of 2 the error is a quarter, of 1 nothing; together 1 of 5.
    objective.held_out(model, batch(model, [0.0, 0.0, 1.0], [2.0, 1.0, 2.0]))
    found = objective.kept(model, Data((37, 1), (35, 1)))["pairs"]
    assert found["esr at drive 0"] == pytest.approx(0.2)
    assert found["esr at drive 1"] == pytest.approx(0.0)
    assert found["latency_removed_samples"] == 37
    assert found["latency_differs_by_samples"] == 2
    assert found["answers_after_samples"] == pytest.approx(0.4)
    assert found["polarity"] == "kept"
    assert found["driven_at_most_dbfs"] == pytest.approx(-6.02)
    assert kept({"pairs": found}, model) == found
    moving = batch(model, [0.0], [2.0])
    moving["knobs"] = torch.linspace(0, 1, 64)[None, :, None]
    objective.calibrate(model, None)
    objective.held_out(model, moving)
    found = objective.kept(model, Data((0, -1), (0, 1)))["pairs"]
    assert not [name for name in found if name.startswith("esr at")]
    assert found["polarity"] == "differs"


def test_the_card_says_each_thing_in_a_sentence():
    facts = {
        "held_out_esr": 0.0123, "esr_by_position": {"drive 2": 0.004, "drive 10": 0.05},
        "driven_at_most_dbfs": -6.02, "latency_removed_samples": 37,
        "latency_differs_by_samples": 2, "polarity": "turned over",
        "aliasing_db": {"1249": -61.2, "9998": -23.4},
    }  # fmt: skip
    assert sentences(facts) == [
        "ESR on what was held out: 0.0123, good",
        "ESR by position, drive 2: 0.004, great; drive 10: 0.05, fair",
        "driven at up to -6.0 dBFS: it knows no louder sound",
        "wet was 37 samples late, give or take 2, which is taken off; the device turns the sound "
        "over, and so does this",
        "of its answer to a tone, what is no harmonic, aliases above all: -61 dB at 1249 Hz, "
        "-23 dB at 9998 Hz",
    ]
    many = {"esr_by_position": {f"a {n}": n / 100 for n in range(9)}}
    assert sentences(many)[0].startswith("worst 6 of 9 positions, a 8: 0.08, fair; a 7")
    assert sentences({"aliasing_db": None}) == [
        "aliasing not measured: it moves or rings by itself, and no tone stays one"
    ]
    assert sentences({}) == []
    assert in_words(0.5) == "poor"


def test_positions_come_from_the_run_to_the_card():
    class Trained:
        model, folder = cubic(), "runs/pedal"
        summary = {"validation/esr": 0.02}  # noqa: RUF012
        kept = {"esr at drive 2": 0.004, "driven_at_most_dbfs": -6.0}  # noqa: RUF012

    facts = playable(Trained, {}).facts
    assert facts["esr_by_position"] == {"drive 2": 0.004}
    assert facts["held_out_is"] == "good"
    assert "esr at drive 2" not in facts


@pytest.mark.parametrize(("delay", "alone", "due"), [(0.4, 0, -2), (1.2, 1, -1), (-0.7, -1, -3)])
def test_others_are_measured_as_late_as_what_was_learnt(delay, alone, due):
    """Of what answers 2.3 samples after what it hears, another recording is not one off."""
    dry = np.arange(50, dtype=np.float32)[None]
    wet = dry - alone  # what is heard at n is answered at n, as the recording was aligned
    told = {"delay_samples": delay, "shift": alone}
    take = in_step(Take("a", "a", dry, wet, np.zeros((0, 1), np.float32), told), 2.3)
    assert take.alignment["shift"] == due
    assert (take.dry - take.wet == alone + (alone - due)).all()
    far = in_step(Take("a", "a", dry, wet, np.zeros((0, 1), np.float32), told), 40.0)
    assert far.alignment["shift"] == alone  # late for another reason
