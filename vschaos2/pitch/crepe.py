"""CREPE as a `Tracker`: the network of torchcrepe, decoded without seams and without dither."""

import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.errors import InputError
from vschaos2.pitch.trackers import (
    Signal,
    Values,
    check_range,
    hop_samples_of,
    installed,
)


class CrepeTracker:
    """CREPE, a network on the waveform, in PyTorch; Viterbi decoding over its 360 bins.

    Bins are 20 cents apart from 31.7 Hz on. The path is the most probable one with steps of at
    most 11 bins; f0 is the mean of the 9 bins around it, weighted by their probabilities, and
    periodicity the probability of the bin. Unlike torchcrepe's own, the path has no seams
    between batches and f0 no random dither.

    Args:
        hop_s: wanted length of a cell in seconds.
        fmin_hz: pitches below are not searched; 32 Hz at least.
        fmax_hz: pitches above are not searched; 2006 Hz at most.
        model: tiny or full.
        batch_size: windows in one pass of the network.
        device: cpu, cuda, cuda:N or mps; None for the GPU if there is one.

    Raises:
        InputError: for values outside these, or if torchcrepe is not installed.

    Source: Kim, Salamon, Li & Bello (2018), "CREPE: A Convolutional Representation for Pitch
    Estimation", ICASSP; weights and network of torchcrepe (Morrison, MIT).
    """

    WINDOW = 1024
    CENTS_ABOVE_10_HZ = 1997.3794084376191  # of bin 0
    CENTS_PER_BIN = 20.0

    threads = False  # PyTorch uses all cores, or the GPU, by itself

    def __init__(
        self,
        hop_s: float,
        fmin_hz: float,
        fmax_hz: float,
        model: str = "full",
        batch_size: int = 256,
        device: str | None = None,
    ) -> None:
        check_range("crepe", fmin_hz, fmax_hz, 32.0, 2006.0)
        if model not in ("tiny", "full"):
            raise InputError(f"--model must be tiny or full, got {model}")
        if batch_size < 1:
            raise InputError(f"--batch_size must be at least 1, got {batch_size}: try 256")
        torchcrepe = import_torchcrepe()
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._network = torchcrepe.Crepe(model).eval().requires_grad_(False)
        weights = Path(str(torchcrepe.__file__)).parent / "assets" / f"{model}.pth"
        self._network.load_state_dict(torch.load(weights, "cpu", weights_only=True))
        try:
            self._network.to(self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"--device {self.device} cannot be used ({reason}): try cpu"
            ) from error
        self.hop_samples = hop_samples_of(hop_s)
        self.threshold = 0.3
        self.batch_size = batch_size
        lowest, highest = (1200 * np.log2(f / 10) for f in (fmin_hz, fmax_hz))
        self._bins = range(
            int(np.ceil((lowest - self.CENTS_ABOVE_10_HZ) / self.CENTS_PER_BIN)),
            int((highest - self.CENTS_ABOVE_10_HZ) / self.CENTS_PER_BIN) + 1,
        )
        self.settings = (
            f"torchcrepe {version('torchcrepe')} {model} hop={self.hop_samples} "
            f"fmin={fmin_hz:g} fmax={fmax_hz:g}"
        )

    def __call__(self, waveform: Signal) -> tuple[Values, Values]:
        """See `Tracker`."""
        probability = self._probabilities(waveform)[:, self._bins.start : self._bins.stop]
        path = most_probable_path(probability)
        rows = np.arange(len(path))
        around = path[:, None] + np.arange(-4, 5)
        weight = probability[rows[:, None], around.clip(0, len(self._bins) - 1)]
        weight = np.where((around >= 0) & (around < len(self._bins)), weight, 0.0) + 1e-12
        bins = self._bins.start + (weight * around).sum(1) / weight.sum(1)
        cents = self.CENTS_ABOVE_10_HZ + self.CENTS_PER_BIN * bins
        return 10.0 * 2.0 ** (cents / 1200), probability[rows, path]

    def _probabilities(self, waveform: Signal) -> Values:
        """The network's 360 outputs for every cell, [T] → [F, 360]."""
        count, hop = len(waveform) // self.hop_samples, self.hop_samples
        before = self.WINDOW // 2 - hop // 2
        padded = torch.nn.functional.pad(torch.from_numpy(waveform), (before, self.WINDOW))
        windows = padded.unfold(0, self.WINDOW, hop)[:count]
        batches = []
        for batch in windows.split(self.batch_size):
            batch = batch.to(self.device)
            batch = batch - batch.mean(1, keepdim=True)
            batch = batch / batch.std(1, keepdim=True).clamp(min=1e-10)
            try:
                with torch.inference_mode():
                    batches.append(self._network(batch).cpu())
            except torch.OutOfMemoryError as error:
                raise InputError(
                    f"--batch_size {self.batch_size} is more than {self.device} can hold: "
                    f"try {max(1, self.batch_size // 4)}"
                ) from error
        return torch.cat(batches).double().numpy()


def most_probable_path(probability: Values) -> npt.NDArray[np.intp]:
    """The bin of every cell on the most probable path: p(i → j) ∝ max(0, 12 - |i - j|).

    Args:
        probability: of each bin in each cell. A floor of 0.01 is added and each cell's sum made
            1: with the softmax that torchcrepe takes, a wrong first bin is hard to leave (notes
            of the clarinet stay wrong for a third of a second).

    Shape: [F, K] → [F].
    """
    librosa = installed("librosa")
    states = np.arange(probability.shape[1])
    transition = np.maximum(12.0 - np.abs(states[:, None] - states), 0.0)
    observed = probability + 0.01
    path = librosa.sequence.viterbi(
        (observed / observed.sum(1, keepdims=True)).T, transition / transition.sum(1, keepdims=True)
    )
    return np.asarray(path, np.intp)


def import_torchcrepe() -> ModuleType:
    """The torchcrepe package, without torchaudio and resampy.

    torchcrepe imports torchaudio to read files and resampy to resample them, neither of which we
    let it do. PyPI's torchaudio loads only beside the very torch it was built for, which a
    CPU-only torch is not, so empty modules stand in their place while torchcrepe is imported.

    Raises:
        InputError: if torchcrepe is not installed.
    """
    stand_ins = {
        name: ModuleType(name) for name in ("torchaudio", "resampy") if name not in sys.modules
    }
    sys.modules.update(stand_ins)
    try:
        return installed("torchcrepe")
    finally:
        for name in stand_ins:
            del sys.modules[name]
