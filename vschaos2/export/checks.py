"""What a file must prove before it is kept: measured on the reloaded file, never assumed."""

import io
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.runs.folder import Run

TOLERANCE = 1e-5  # of the peak
BLOCK_HOPS = (1, 3, 4, 16)
TEST_HOPS = 48  # a multiple of every block
LARGEST = 1e12  # weight, latent or magnitude that a model may hold: its square is finite, too
LOUDEST = 1e4  # times full scale: no model plays so, unless its training diverged


class ExportError(RuntimeError):
    """An exported file does not do what it promises; it is not written."""


def opened(file: Path | bytes) -> torch.jit.ScriptModule:
    """A file as a host loads it, from its place or from its content."""
    return torch.jit.load(str(file) if isinstance(file, Path) else io.BytesIO(file))


def check_run(run: Run) -> None:
    """Refuse a run that no instrument can come from, before the work.

    Raises:
        InputError: if a weight, or a latent of its sounds, is not finite or absurdly large, or the
            sounds were silence in all but name.
    """
    kept = {**run.model.state_dict(), "training latents": run.kept.latents}
    for name, values in kept.items():
        if not bool((values.abs() <= LARGEST).all()):  # false of NaN, too
            raise InputError(
                f"{run.folder}: its {name} are not finite, or beyond ±{LARGEST:.0e}, so the "
                "training diverged: train again, with a smaller training.optimiser.learning_rate"
            )
    scale = float(run.model.transform.scale)
    if not scale >= 1.0 / LARGEST:
        raise InputError(
            f"{run.folder}: the sounds it was trained on are all but silent (a mean magnitude of "
            f"{scale:.0e}): train on recordings that can be heard"
        )


def check_file(file: Path | bytes, core: InstrumentCore) -> dict[str, float]:
    """The largest deviation of a reloaded file from the eager model, in blocks and whole.

    `forward` is checked with the input's phase, `decode` in `eco`: these do not depend on the
    blocks. The limiter is off: it would hide what it bends. Batches of two are checked too, as the
    multichannel host sends them.

    Args:
        file: the file, or its content.
        core: the eager model it was made from, whose settings are at their defaults.

    Returns:
        Deviation relative to the peak, by method and comparison.

    Raises:
        ExportError: if one is above `TOLERANCE`, a length is wrong or a value is not finite.
    """
    loaded = opened(file)
    loaded.get_methods()
    loaded.set_limiter("off")
    generator = torch.Generator().manual_seed(0)
    sound = 0.1 * torch.randn(1, 1, TEST_HOPS * core.hop, generator=generator)
    axes = torch.randn(1, core.latent_dims, TEST_HOPS, generator=generator)
    # Labels that change from frame to frame; every other one is left to the model.
    labels = torch.rand(1, core.labels.n_labels, TEST_HOPS, generator=generator) * 24.0 - 12.0
    held = labels.repeat_interleave(core.hop, -1)
    wholes = {
        "encode": torch.cat((sound, held[:, core.labels.encoder_tasks]), 1),
        "decode": torch.cat((axes, labels), 1),
        "forward": torch.cat((sound, held), 1),
    }
    played = {"encode": core.latent_dims, "decode": 1, "forward": 1}
    deviations: dict[str, float] = {}
    eager: dict[str, Callable[[Tensor], Tensor]] = {
        "encode": core.encode,
        "decode": core.decode,
        "forward": core.forward,
    }
    with torch.inference_mode():
        modes = (core.keep_input, core.forward_inversion.mode, core.decode_inversion.mode)
        core.set_modes(KEEP_INPUT, "eco")
        for name, method in eager.items():
            whole = wholes[name]
            core.reset()
            expected = method(whole)
            if name != "encode":
                _check_level(name, expected[:, 0])
            _require_set(loaded, name)
            for hops in (*BLOCK_HOPS, TEST_HOPS):
                loaded.set_reset(True)
                size = hops if name == "decode" else hops * core.hop
                parts = [getattr(loaded, name)(part) for part in whole.split(size, -1)]
                deviations[f"{name}, blocks of {hops}"] = _deviation(
                    name, torch.cat(parts, -1), expected, played[name]
                )
            loaded.set_reset(True)
            pair = getattr(loaded, name)(whole.repeat(2, 1, 1))
            deviations[f"{name}, batch of two"] = _deviation(
                name, pair, expected.repeat(2, 1, 1), played[name]
            )
        core.set_modes(KEEP_INPUT if modes[0] else modes[1], modes[2])
    for comparison, deviation in deviations.items():
        if not deviation <= TOLERANCE:
            raise ExportError(
                f"{comparison}: deviates from the model by {deviation:.1e} of the peak, more than "
                f"{TOLERANCE:.0e}"
            )
    return deviations


def check_silence(file: Path | bytes, core: InstrumentCore) -> None:
    """Raise ExportError unless silence gives silence and NaN leaves no trace, in `forward`."""
    loaded = opened(file)
    silence = torch.zeros(1, 1 + core.labels.n_labels, 8 * core.hop)
    with torch.inference_mode():
        for mode in (KEEP_INPUT, *MODES):
            if loaded.set_inversion(mode) != 0:
                raise ExportError(f"inversion {mode}: refused by the file that should know it")
            if float(loaded.forward(silence)[:, 0].abs().max()) != 0.0:
                raise ExportError(f"forward, inversion {mode}: silence does not give silence")
            broken = loaded.forward(silence * float("nan"))
            after = loaded.forward(silence)
            if not bool(torch.isfinite(broken).all()) or float(after[:, 0].abs().max()) != 0.0:
                raise ExportError(f"forward, inversion {mode}: NaN in the input reaches the output")


def measure_delays(file: Path | bytes, core: InstrumentCore) -> dict[str, int]:
    """Samples of structural delay, by an impulse, of `forward` and `decode` as they are set.

    With the input's phase the impulse goes through the file itself: the model changes magnitudes
    only, and a filter of zero phase keeps a peak in its place. Phase recovery is measured with
    the impulse's true magnitudes and phases through the same inversion.

    Raises:
        ExportError: if a measured delay is not the declared one.
    """
    position = TEST_HOPS // 3 * core.hop
    impulse = torch.zeros(1, TEST_HOPS * core.hop)
    impulse[0, position] = 0.5
    loaded = opened(file)
    n_fft = core.transform.n_fft
    measured = {}
    with torch.inference_mode():
        declared = dict(zip(("forward", "decode"), loaded.get_delay(), strict=True))
        for name in declared:
            if name == "forward" and core.keep_input:
                unknown = torch.full((1, core.labels.n_labels, impulse.shape[1]), -1.0)
                sound = loaded.forward(torch.cat((impulse.unsqueeze(1), unknown), 1))[0, 0]
            else:
                part = core.decode_inversion if name == "decode" else core.forward_inversion
                inversion = MagnitudeInversion(n_fft, core.hop, part.mode)
                spectrum = StreamingAnalysis(n_fft, core.hop)(impulse)
                sound = inversion.keep_phase(spectrum.abs(), spectrum.angle())[0]
            measured[name] = int(sound.abs().argmax()) - position
            if measured[name] != declared[name]:
                raise ExportError(
                    f"{name}: its delay is {measured[name]} samples, but it says {declared[name]}"
                )
    return measured


def measure_recovery(file: Path | bytes, core: InstrumentCore) -> dict[str, dict[str, float]]:
    """How alike sounds of recovered phases are, in blocks of one hop and whole, by their spectra.

    Phase recovery refines the newest frames of a block together, so the phases that it finds, and
    with them the samples, depend on where blocks end; most in the shortest blocks. Spectra need
    not suffer: no magnitudes but the model's are aimed at.

    Returns:
        For each method that recovers phases, as it is set, relative errors of magnitudes (0:
        equal): "model_error_whole" and "model_error_in_blocks" of the sound against what the model
        asks for; "difference" of blocks from the whole, frame by frame, and "mean_difference" of
        their mean spectra.
    """
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(1, core.latent_dims, TEST_HOPS // 8, generator=generator)
    axes = F.interpolate(points, TEST_HOPS, mode="linear")
    sound = 0.1 * torch.randn(1, 1, TEST_HOPS * core.hop, generator=generator)
    delays = {"forward": core.forward_delay(), "decode": core.decode_delay()}
    loaded = opened(file)
    loaded.set_limiter("off")  # what it bends is not what is asked for
    found = {}
    with torch.inference_mode():
        for name in ("decode",) if core.keep_input else ("forward", "decode"):
            given = axes if name == "decode" else sound
            labels = torch.full((1, core.labels.n_labels, given.shape[2]), -1.0)
            given = torch.cat((given, labels), 1)
            spectra = []
            for count in (1, TEST_HOPS):
                loaded.set_reset(True)
                blocks = given.split(given.shape[2] // count, -1)
                heard = torch.cat([getattr(loaded, name)(block)[:, 0] for block in blocks], -1)
                analysis = StreamingAnalysis(core.transform.n_fft, core.hop)
                spectra.append(analysis(heard[:, delays[name] :]).abs()[0])
            at_once, in_blocks = spectra
            asked = _asked_for(core, name, given)[: len(at_once)]
            found[name] = {
                "model_error_whole": _relative(at_once, asked),
                "model_error_in_blocks": _relative(in_blocks, asked),
                "difference": _relative(in_blocks, at_once),
                "mean_difference": _relative(in_blocks.mean(0), at_once.mean(0)),
            }
    return found


def _asked_for(core: InstrumentCore, name: str, given: Tensor) -> Tensor:
    """The magnitudes that a method asks phase recovery for, [F, K]."""
    inversion = core.decode_inversion if name == "decode" else core.forward_inversion
    asked: list[Tensor] = []
    mode = inversion.mode
    inversion.set_mode("random")  # the quickest: its sound is not heard
    hook = inversion.register_forward_pre_hook(lambda _, passed: asked.append(passed[0]))
    core.reset()
    getattr(core, name)(given)
    hook.remove()
    inversion.set_mode(mode)
    core.reset()
    return asked[0][0]


def _relative(estimate: Tensor, reference: Tensor) -> float:
    return round(float((estimate - reference).norm() / reference.norm().clamp_min(1e-30)), 4)


def _check_level(name: str, expected: Tensor) -> None:
    if not bool((expected.abs() <= LOUDEST).all()):  # false of NaN, too
        raise ExportError(
            f"{name}: the model plays what is not finite, or beyond {LOUDEST:.0e} times full "
            "scale: its training diverged, train again"
        )


def _require_set(loaded: torch.jit.ScriptModule, name: str) -> None:
    mode = "eco" if name == "decode" else KEEP_INPUT
    if loaded.set_inversion(mode) != 0:
        raise ExportError(f"inversion {mode}: refused by the file that should know it")


def _deviation(name: str, actual: Tensor, expected: Tensor, played: int) -> float:
    """The largest deviation relative to the peak: of what is played, and of each guess."""
    if actual.shape != expected.shape:
        raise ExportError(
            f"{name}: returns {list(actual.shape)} values where {list(expected.shape)} are due"
        )
    if not bool(torch.isfinite(actual).all()):
        raise ExportError(f"{name}: returns values that are not finite")
    guesses = [slice(channel, channel + 1) for channel in range(played, expected.shape[1])]
    deviations = []
    for part in (slice(played), *guesses):
        peak = float(expected[:, part].abs().max())
        deviations.append(float((actual - expected)[:, part].abs().max()) / max(peak, 1e-12))
    return max(deviations)
