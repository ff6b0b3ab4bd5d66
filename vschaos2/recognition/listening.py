"""A recording through an estimator: windows, what is said of each, and of all of them together."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.audio import read_audio
from vschaos2.chains.features import RATE_HZ, heard
from vschaos2.chains.vocabulary import Vocabulary
from vschaos2.data.pair_files import single_pair
from vschaos2.data.pairs import read_pair
from vschaos2.errors import InputError
from vschaos2.families.order.estimator import Estimator
from vschaos2.terminal import printable

Samples = npt.NDArray[np.float32]

LEAST_S = 0.7  # of a recording
MOST_WINDOWS = 40
QUIET_DB = -36.0  # of a window, against the loudest: it is passed over
SILENT = 1e-5  # of full scale


class Sound(NamedTuple):
    """A recording that is asked about.

    Attributes:
        name: of its file.
        wet: the recording, mono at `RATE_HZ`, [T].
        dry: what entered its effects, in line with it; None if nobody knows, [T].
    """

    name: str
    wet: Samples
    dry: Samples | None


class Opinion(NamedTuple):
    """What an estimator says of a recording.

    Attributes:
        logs: logarithms of the probability of every chain, [N].
        place: of every setting of every pedal, the middle of what it may be, [S].
        spread: b of the Laplace distribution around it, [S].
        windows: that were heard.
    """

    logs: Tensor
    place: Tensor
    spread: Tensor
    windows: int


def read_sound(path: Path, dry: Path | None) -> Sound:
    """A recording, and the dry one beside it.

    Raises:
        InputError: for a file that cannot be read, is silent or too short, or a pair of which
            nothing in the one follows the other.
    """
    if dry is None:
        wet, heard_dry = read_audio(path, RATE_HZ), None
    else:
        (pair,) = single_pair(dry, path, ("--dry", "the recording"))
        found = read_pair(pair, RATE_HZ)
        wet, heard_dry = found.wet.mean(0), found.dry.mean(0)
    if len(wet) < LEAST_S * RATE_HZ:
        raise InputError(
            f"{printable(path)}: is {len(wet) / RATE_HZ:.2f} s long: a chain is named from "
            f"{LEAST_S:g} s or more"
        )
    check_sounds(path, wet)
    return Sound(path.name, wet, heard_dry)


def check_sounds(path: Path, sound: Samples) -> None:
    """Refuse what nobody hears.

    Raises:
        InputError: for silence, or a constant, which is none to a meter only.
    """
    if float(np.abs(sound).max()) < SILENT:
        raise InputError(f"{printable(path)}: is silent: nothing can be said of it")
    inner = sound[len(sound) // 20 : len(sound) - len(sound) // 20]  # ends ring, of another rate
    if float(inner.max() - inner.min()) < SILENT:
        raise InputError(
            f"{printable(path)}: holds one value, {float(inner[0]):.3g}, and no sound: nothing can "
            "be said of it"
        )


def windows(sound: Sound, samples: int) -> list[tuple[Samples, Samples | None]]:
    """Windows of a recording where it sounds; one that is shorter is heard as it is."""
    samples = min(samples, len(sound.wet))
    wet, dry = sound.wet, sound.dry
    firsts = np.arange(0, len(wet) - samples + 1, samples // 2)
    power = np.array([float(np.square(wet[n : n + samples]).mean()) for n in firsts])
    firsts = firsts[power > 10.0 ** (QUIET_DB / 10.0) * power.max()]
    if len(firsts) > MOST_WINDOWS:
        firsts = firsts[
            np.unique(np.linspace(0, len(firsts) - 1, MOST_WINDOWS).round().astype(int))
        ]
    return [(wet[n : n + samples], None if dry is None else dry[n : n + samples]) for n in firsts]


@torch.no_grad()
def listen(model: Estimator, sound: Sound, seconds: float) -> Opinion:
    """What an estimator says of a recording.

    Windows of one recording tell of the same chain, and what each says is no new evidence: their
    logarithms are averaged, not summed.

    Args:
        model: the estimator.
        sound: the recording.
        seconds: of the windows that it learnt from.
    """
    mels, summaries = [], []
    for wet, dry in windows(sound, round(seconds * RATE_HZ)):
        found = [
            heard(each) for each in ((wet, dry) if model.hears_dry else (wet,)) if each is not None
        ]
        mels.append(np.array([each.mel for each in found]))
        summaries.append(np.array([each.summary for each in found]))
    told = model(torch.from_numpy(np.array(mels)), torch.from_numpy(np.array(summaries)))
    logs = torch.log_softmax(told.logs.double().mean(0), 0)
    spread = told.settings.spread.double()
    weight = spread.pow(-2)
    place = (told.settings.place.double() * weight).sum(0) / weight.sum(0)
    return Opinion(logs, place, (spread * weight).sum(0) / weight.sum(0), len(mels))


def among(vocabulary: Vocabulary, opinion: Opinion, effects: Sequence[str]) -> Opinion:
    """An opinion where only some effects can be there, as their owner knows.

    Raises:
        InputError: for a name that is none of the vocabulary's.
    """
    for name in effects:
        if name not in vocabulary.names:
            raise InputError(
                f"--effects: no effect {name!r} (there are {', '.join(vocabulary.names)})"
            )
    return opinion._replace(logs=restricted(vocabulary, opinion.logs[None], effects)[0])


def restricted(vocabulary: Vocabulary, logs: Tensor, effects: Sequence[str]) -> Tensor:
    """Probabilities given that only some effects can be there: [B, N] → [B, N], logarithms."""
    absent = [n for n, name in enumerate(vocabulary.names) if name not in effects]
    impossible = vocabulary.present[:, absent].sum(1) > 0
    return torch.log_softmax(logs.masked_fill(impossible, float("-inf")), 1)
