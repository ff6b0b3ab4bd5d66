"""What a file must prove before it is kept: measured on the reloaded file, never assumed.

Everything here is read from the nn~ contract, and true of any instrument.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.export.control_checks import check_controls
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.playable import Playable
from vschaos2.export.trial import ExportError, opened, played, settings

TOLERANCE = 1e-5  # of the peak
BLOCK_UNITS = (1, 3, 4, 16)
TEST_UNITS = 48  # a multiple of every block
LEAST_UNIT = 64  # samples: hosts send no less at a time
UNEVEN = 37  # blocks of it are checked, too, where any size will do
LARGEST = 1e12  # weight, latent or magnitude that a model may hold: its square is finite, too
LOUDEST = 1e4  # times full scale: no model plays so, unless its training diverged


def check_finite(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse a run that no instrument can come from, before the work.

    Raises:
        InputError: if a value of one of its tensors is not finite or absurdly large.
    """
    for name, values in tensors.items():
        if not bool((values.abs() <= LARGEST).all()):  # false of NaN, too
            raise InputError(
                f"{folder}: its {name} are not finite, or beyond ±{LARGEST:.0e}, so the "
                "training diverged: train again, with a smaller training.optimiser.learning_rate"
            )


def check_file(content: bytes, playable: Playable) -> dict[str, float]:
    """Prove all that the contract promises.

    Returns:
        Deviation of the file from the eager model relative to the peak, by method and comparison.

    Raises:
        ExportError: naming method and figure.
    """
    check_controls(content, playable)
    deviations = check_methods(content, playable)
    check_silence(content, playable)
    check_delays(content, playable)
    return deviations


def unit_samples(playable: Playable) -> int:
    """The shortest block that a playable must take and that hosts send."""
    return playable.block_samples * -(-LEAST_UNIT // playable.block_samples)


def check_methods(content: bytes, playable: Playable) -> dict[str, float]:
    """The largest deviation of a reloaded file from the eager model, in blocks and whole.

    Each method is played under its `exact` settings: whole, again after a reset, in blocks of
    several sizes, with calls of the other methods in between, and as a batch of two, as the
    multichannel host sends them.

    Returns:
        Deviation relative to the peak, by method and comparison.

    Raises:
        ExportError: if one is above `TOLERANCE`, a length is wrong or a value is not finite.
    """
    loaded = opened(content)
    loaded.get_methods()
    generator = torch.Generator().manual_seed(0)
    unit = unit_samples(playable)
    sizes = [units * unit for units in BLOCK_UNITS]
    sizes += [UNEVEN] if playable.block_samples == 1 else []
    methods = playable.methods
    examples = {name: playable.example(name, TEST_UNITS * unit, generator) for name in methods}
    deviations: dict[str, float] = {}
    for name, whole in examples.items():
        others = [other for other in examples if other != name]
        _, in_ratio, outlets, out_ratio = methods[name]
        together = playable.together.get(name, 1)
        exact = playable.exact.get(name, {})
        with torch.inference_mode(), settings(playable.eager, exact), settings(loaded, exact):
            expected = played(playable.eager, name, whole)
            _check_shape(name, expected, (1, outlets, TEST_UNITS * unit // out_ratio))
            if name in playable.sounding:
                _check_level(name, expected[:, :together])

            def compare(comparison: str, actual: Tensor, due: Tensor) -> None:
                deviation = _deviation(f"{name}, {comparison}", actual, due, together)  # noqa: B023
                deviations[f"{name}, {comparison}"] = deviation  # noqa: B023
                set_attribute(loaded, "reset", True)

            compare("whole", played(loaded, name, whole), expected)
            compare("after a reset", played(loaded, name, whole), expected)
            for size in sizes:
                blocks = [played(loaded, name, b) for b in whole.split(size // in_ratio, -1)]
                compare(f"blocks of {size} samples", torch.cat(blocks, -1), expected)
            if others:
                first, second = whole.chunk(2, -1)
                begun = played(loaded, name, first)
                for other in others:
                    played(loaded, other, examples[other])
                halves = (begun, played(loaded, name, second))
                compare("beside the other methods", torch.cat(halves, -1), expected)
            pair = played(loaded, name, whole.repeat(2, 1, 1))
            compare("batch of two", pair, expected.repeat(2, 1, 1))
    return deviations


def check_silence(content: bytes, playable: Playable) -> None:
    """Raise ExportError unless silence gives what is finite, also after NaN and a reset."""
    loaded = opened(content)
    samples = 8 * unit_samples(playable)
    with torch.inference_mode():
        for name, (inlets, in_ratio, _, _) in playable.methods.items():
            silence = torch.zeros(1, inlets, samples // in_ratio)
            for moment in ("", " after NaN and a reset"):
                if not bool(torch.isfinite(played(loaded, name, silence)).all()):
                    raise ExportError(f"{name}: silence{moment} gives values that are not finite")
                played(loaded, name, silence * float("nan"))
                set_attribute(loaded, "reset", True)


def check_delays(
    content: bytes, playable: Playable, also: Sequence[Mapping[str, int]] = ({},)
) -> None:
    """Raise ExportError unless an impulse peaks as late as `delay` says, from sound to sound.

    Each method that takes and returns sound hears an impulse at its first inlet, nothing at the
    others, under its `passing` settings, or `exact` ones, with each of others beside them.
    """
    loaded = opened(content)
    if "delay" not in loaded.get_attributes():
        return
    unit = unit_samples(playable)
    position = TEST_UNITS // 3 * unit
    for name, beside in itertools.product(playable.sounding, also):
        inlets, in_ratio, _, _ = playable.methods[name]
        if in_ratio != 1:
            continue
        set_to = {**playable.passing.get(name, playable.exact.get(name, {})), **beside}
        with torch.inference_mode(), settings(loaded, set_to):
            declared = declared_delays(loaded, playable)[name]
            impulse = torch.zeros(1, inlets, (TEST_UNITS + -(-declared // unit)) * unit)
            impulse[0, 0, position] = 0.5
            sound = played(loaded, name, impulse)[0, 0]
        same_delay(name, int(sound.abs().argmax()) - position, declared)


def declared_delays(module: nn.Module, playable: Playable) -> dict[str, int]:
    """Samples of delay as a module says, by method; nothing if it has no `delay`."""
    if not hasattr(module, "delay_params"):
        return {}
    delays = get_attribute(module, "delay")
    if len(delays) != len(playable.sounding):
        raise ExportError(
            f"delay: {len(delays)} values where {', '.join(playable.sounding)} return sound"
        )
    return dict(zip(playable.sounding, delays, strict=True))


def same_delay(name: str, measured: int, declared: int) -> None:
    """Raise ExportError unless both are the same."""
    if measured != declared:
        raise ExportError(f"{name}: its delay is {measured} samples, but it says {declared}")


def _check_level(name: str, expected: Tensor) -> None:
    if not bool((expected.abs() <= LOUDEST).all()):  # false of NaN, too
        raise ExportError(
            f"{name}: the model plays what is not finite, or beyond {LOUDEST:.0e} times full "
            "scale: its training diverged, train again"
        )


def _check_shape(comparison: str, actual: Tensor, due: Sequence[int]) -> None:
    if list(actual.shape) != list(due):
        raise ExportError(
            f"{comparison}: returns {list(actual.shape)} values where {list(due)} are due"
        )


def _deviation(comparison: str, actual: Tensor, expected: Tensor, together: int) -> float:
    """The largest deviation relative to the peak: of the first outlets, and of each other one.

    Raises:
        ExportError: if it is above `TOLERANCE`, a length is wrong or a value is not finite.
    """
    _check_shape(comparison, actual, expected.shape)
    if not bool(torch.isfinite(actual).all()):
        raise ExportError(f"{comparison}: returns values that are not finite")
    alone = [slice(channel, channel + 1) for channel in range(together, expected.shape[1])]
    deviations = []
    for part in (slice(together), *alone):
        peak = float(expected[:, part].abs().max())
        deviations.append(float((actual - expected)[:, part].abs().max()) / max(peak, 1e-12))
    if not max(deviations) <= TOLERANCE:
        raise ExportError(
            f"{comparison}: deviates from the model by {max(deviations):.1e} of the peak, more "
            f"than {TOLERANCE:.0e}"
        )
    return max(deviations)
