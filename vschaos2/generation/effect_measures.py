"""The measures that an effect is judged by: of a passage, by level, over time."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.objectives.frechet import frechet_db
from vschaos2.objectives.linear_fit import best_filter_esr
from vschaos2.objectives.loudness_range import mldr_db
from vschaos2.objectives.waveform import dc_error, edc_error_db, esr, log_cosh, mr_stft
from vschaos2.objectives.weightings import WEIGHTINGS, weighted

Samples = npt.NDArray[np.float32]
LEVEL_WINDOW_S, LEVEL_DB, TIME_BIN_S = 0.1, 12.0, 0.5
STFT_SAMPLES = 2048  # the longest window of MR-STFT
# Heads of the columns, short enough for a terminal.
HEADS = {
    "esr": "ESR",
    "linear_esr": "best linear",
    "esr_pre_emphasised": "ESR bright",
    "esr_a_weighted": "ESR A",
    "mr_stft": "MR-STFT",
    "mae": "L1",
    "mse": "MSE",
    "log_cosh": "log-cosh",
    "dc": "DC",
    "edc_db": "EDC dB",
    "mldr_db": "MLDR dB",
    "frechet_db": "Fréchet dB",
}
# Of pieces too short for the others.
PIECE_HEADS = {name: HEADS[name] for name in (*WEIGHTINGS, "mae", "mse")}
MEANS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mae": lambda y, t: (y - t).abs().mean(),
    "mse": lambda y, t: (y - t).square().mean(),
    "log_cosh": log_cosh,
    "dc": dc_error,
    "edc_db": edc_error_db,
}


def scores_of(made: Samples, wet: Samples, dry: Samples, rate_hz: int) -> dict[str, float]:
    """Every measure of one passage; NaN for those that it is too short for.

    Shape: made and wet [O, T], dry [C, T], in line.
    """
    y, t = _batch(made), _batch(wet)
    found = {name: float(esr(y, t, taps(rate_hz))) for name, taps in WEIGHTINGS.items()}
    found["linear_esr"] = best_filter_esr(dry, wet)
    found |= {name: float(measure(y, t)) for name, measure in MEANS.items()}
    found["mr_stft"] = float(mr_stft(y, t)) if t.shape[1] >= STFT_SAMPLES else math.nan
    found["mldr_db"] = float(mldr_db(y, t, rate_hz)) if t.shape[1] >= 0.1 * rate_hz else math.nan
    found["frechet_db"] = frechet_db(y, t, rate_hz)
    return {name: found[name] for name in HEADS}


class Sums:
    """Sums over pieces of sound, from which measures of all of them together follow."""

    def __init__(self) -> None:
        self.energies = np.zeros((len(WEIGHTINGS), 2))  # of error and signal
        self.absolute, self.count = 0.0, 0

    def add(self, energies: npt.NDArray[np.float64], absolute: float, count: int) -> None:
        """One more piece."""
        self.energies += energies
        self.absolute += absolute
        self.count += count

    def measures(self) -> dict[str, float]:
        """Those of `PIECE_HEADS`."""
        errors, signals = self.energies.T
        found = {
            name: float(error / signal) if signal > 0.0 else math.nan
            for name, error, signal in zip(WEIGHTINGS, errors, signals, strict=True)
        }
        count = max(1, self.count)
        return found | {"mae": self.absolute / count, "mse": float(errors[0]) / count}


class Pieces:
    """Measures of short pieces: by the level of the device's sound, and over time."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.taps = [make(rate_hz) for make in WEIGHTINGS.values()]
        self.levels: dict[int, Sums] = {}

    def add(self, made: Samples, wet: Samples) -> list[dict[str, float]]:
        """Sort a passage, [O, T] twice, by level; → its measures over time, every half second."""
        y, t = _batch(made), _batch(wet)
        kinds = [(weighted(y - t, taps), weighted(t, taps)) for taps in self.taps]
        size = round(LEVEL_WINDOW_S * self.rate_hz)
        per_bin = round(TIME_BIN_S / LEVEL_WINDOW_S)
        times: list[Sums] = []
        for number, first in enumerate(range(0, t.shape[1], size)):
            here = slice(first, first + size)
            energies = np.array(
                [[float(of[:, here].double().square().sum()) for of in kind] for kind in kinds]
            )
            error, signal = kinds[0][0][:, here], energies[0, 1]
            piece = energies, float(error.abs().sum()), error.numel()
            if number % per_bin == 0:
                times.append(Sums())
            times[-1].add(*piece)
            if signal > 0.0:
                place = math.floor(10.0 * math.log10(signal / error.numel()) / LEVEL_DB)
                self.levels.setdefault(place, Sums()).add(*piece)
        return [each.measures() for each in times]

    def by_level(self) -> dict[str, dict[str, float]]:
        """Measures by level, the loudest first."""
        return {
            f"{LEVEL_DB * place:g} to {LEVEL_DB * (place + 1):g} dB": self.levels[place].measures()
            for place in sorted(self.levels, reverse=True)
        }


def mean_of(scores: list[Mapping[str, float]]) -> dict[str, float]:
    """Every measure's mean over those that have it."""
    means = {}
    for key in scores[0] if scores else ():
        known = [each[key] for each in scores if not math.isnan(each[key])]
        means[key] = sum(known) / len(known) if known else math.nan
    return means


def _batch(sound: Samples) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(sound.T))[None]
