"""What an exported VAE must prove beyond the contract, and how well it recovers phases."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.export.checks import TOLERANCE, same_delay
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.playable import Playable
from vschaos2.export.trial import ExportError, opened, played, settings
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore

TEST_HOPS = 48


def check_quiet(content: bytes, core: InstrumentCore) -> None:
    """Raise ExportError unless silence gives silence and NaN leaves no trace, in `forward`."""
    loaded = opened(content)
    silence = torch.zeros(1, 1 + core.labels.n_labels, 8 * core.hop)
    with torch.inference_mode():
        for mode in (KEEP_INPUT, *MODES):
            if set_attribute(loaded, "inversion", mode) != 0:
                raise ExportError(f"inversion {mode}: refused by the file that should know it")
            loudest = float(loaded.forward(silence)[:, 0].abs().max())
            if loudest != 0.0:
                raise ExportError(
                    f"forward, inversion {mode}: silence does not give silence ({loudest:.1e})"
                )
            broken = loaded.forward(silence * float("nan"))
            after = loaded.forward(silence)
            if not bool(torch.isfinite(broken).all()) or float(after[:, 0].abs().max()) != 0.0:
                raise ExportError(f"forward, inversion {mode}: NaN in the input reaches the output")


def check_host_rates(content: bytes, playable: Playable) -> None:
    """Raise ExportError unless the file does at every rate what Python does, and is finite."""
    loaded = opened(content)
    loaded.get_methods()
    generator = torch.Generator().manual_seed(0)
    for rate_hz in loaded.host_rates_hz:
        wanted = {"sample_rate": rate_hz}
        for name in playable.methods:
            block = playable.example(name, TEST_HOPS * playable.block_samples, generator)
            exact = {**playable.exact.get(name, {}), **wanted}
            together = playable.together.get(name, 1)
            with torch.inference_mode(), settings(playable.eager, exact), settings(loaded, exact):
                due = played(playable.eager, name, block)[:, :together]
                error = (played(loaded, name, block)[:, :together] - due).abs().max()
            if not float(error) <= TOLERANCE * max(float(due.abs().max()), 1.0):
                raise ExportError(
                    f"{name} at {rate_hz} Hz: deviates from the model by {float(error):.1e}"
                )


def check_recovered_delays(content: bytes, core: InstrumentCore) -> None:
    """Raise ExportError unless recovered phases are as late as the file says, as it is set.

    An impulse is measured with its true magnitudes and phases through the same inversion.
    """
    position = TEST_HOPS // 3 * core.hop
    impulse = torch.zeros(1, TEST_HOPS * core.hop)
    impulse[0, position] = 0.5
    declared = dict(zip(("forward", "decode"), opened(content).get_delay(), strict=True))
    with torch.inference_mode():
        for name, inversion in _recovering(core).items():
            fresh = MagnitudeInversion(core.n_fft, core.hop, inversion.mode)
            spectrum = StreamingAnalysis(core.n_fft, core.hop)(impulse)
            sound = fresh.keep_phase(spectrum.abs(), spectrum.angle())[0]
            same_delay(name, int(sound.abs().argmax()) - position, declared[name])


def measure_recovery(content: bytes, core: InstrumentCore) -> dict[str, dict[str, float]]:
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
    loaded = opened(content)
    set_attribute(loaded, "limiter", "off")  # what it bends is not what is asked for
    if core.has_texture:
        set_attribute(loaded, "texture", 0.0)  # nor are the magnitudes of noise
    found = {}
    with torch.inference_mode():
        for name in _recovering(core):
            given = axes if name == "decode" else sound
            labels = torch.full((1, core.labels.n_labels, given.shape[2]), -1.0)
            given = torch.cat((given, labels), 1)
            spectra = []
            for count in (1, TEST_HOPS):
                set_attribute(loaded, "reset", True)
                blocks = given.split(given.shape[2] // count, -1)
                heard = torch.cat([getattr(loaded, name)(block)[:, 0] for block in blocks], -1)
                analysis = StreamingAnalysis(core.n_fft, core.hop)
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


def _recovering(core: InstrumentCore) -> dict[str, MagnitudeInversion]:
    """The methods that recover phases, as the core is set, and what does it."""
    parts = {"forward": core.forward_inversion, "decode": core.decode_inversion}
    return {name: part for name, part in parts.items() if name == "decode" or not core.keep_input}


def _asked_for(core: InstrumentCore, name: str, given: Tensor) -> Tensor:
    """The magnitudes that a method asks phase recovery for, [F, K]."""
    asked: list[Tensor] = []
    part = _recovering(core)[name]
    hook = part.register_forward_pre_hook(lambda _, passed: asked.append(passed[0]))
    core.reset()
    try:
        getattr(core, name)(given)
    finally:
        hook.remove()
    return asked[0][0]


def _relative(estimate: Tensor, reference: Tensor) -> float:
    return round(float((estimate - reference).norm() / reference.norm().clamp_min(1e-30)), 4)
