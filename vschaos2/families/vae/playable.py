"""A trained VAE as a host plays it: what is scripted, proved, and told on its card."""

import textwrap
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from omegaconf import OmegaConf
from torch import Tensor

from vschaos2.dsp.host_rate import window_factors
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.export.checks import LARGEST, check_finite
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.families.vae.engine_program import engine_program
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.prior_file import read_prior
from vschaos2.families.vae.projection import PROJECTIONS, LatentAxes, count_axes, fit_axes
from vschaos2.families.vae.proofs import (
    check_host_rates,
    check_quiet,
    check_recovered_delays,
    measure_recovery,
)
from vschaos2.families.vae.response import axis_words, heard_windows
from vschaos2.families.vae.streaming_vae import SelfPlayingVAE, StreamingVAE
from vschaos2.labels.ports import LabelPorts
from vschaos2.ranges import check_number
from vschaos2.runs.folder import Run

WISHES = ("projection", "latent_dims", "inversion", "texture", "confidence", "rate")
LONGEST = 2**15  # samples of a window
EMPTY_INLET = (
    "an inlet that has said nothing but 0 counts as empty, like one with nothing connected: its "
    "label is guessed, or as set, as at any value below 0; 0 is class 0 once anything else has come"
)


class PlayableVAE(Playable):
    """`forward`, `encode` and `decode` of a VAE, and `prior` of one that plays by itself.

    Args:
        core: the signal path, set as it shall be at first.
        axes: the axes shown at first.
        latents: of training windows, [N, Z].
        ports: what is shown of labels.
    """

    # With the input's phase, and in `eco`, samples do not depend on the blocks. The limiter would
    # hide what it bends.
    exact: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "forward": {"inversion": KEEP_INPUT, "limiter": "off"},
        "decode": {"inversion": "eco", "limiter": "off"},
    }

    def __init__(
        self, core: InstrumentCore, axes: LatentAxes, latents: Tensor, ports: LabelPorts
    ) -> None:
        shown = core.latent_dims
        eager = self.hosted(core, torch.stack((axes.lowest, axes.highest), 1)[:shown], ports)
        super().__init__(eager, core.host.rate_hz, core.hop)
        self.core, self.axes, self.latents, self.ports = core, axes, latents, ports
        self.label_names = eager.label_names
        self.together = {"encode": shown, "prior": shown}

    def hosted(self, core: InstrumentCore, ranges: Tensor, ports: LabelPorts) -> StreamingVAE:
        """What is scripted, around a signal path."""
        return (SelfPlayingVAE if core.has_prior else StreamingVAE)(core, ranges, ports)

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Noise, or axes at random; labels that change with every frame, every other one unknown.

        Shape: → [1, inlets, samples / in_ratio].
        """
        inlets, in_ratio, _, _ = self.methods[method]
        frames = samples // self.core.hop
        if method == "prior":
            return torch.rand(1, 1, frames, generator=generator)
        first = 0.1 * torch.randn(1, 1, samples, generator=generator)
        if method == "decode":
            first = torch.randn(1, self.core.latent_dims, frames, generator=generator)
        labels = torch.rand(1, inlets - first.shape[1], frames, generator=generator) * 24.0 - 12.0
        return torch.cat((first, labels.repeat_interleave(self.core.hop // in_ratio, -1)), 1)

    def for_engine(self) -> EngineProgram | str:
        """What the small engine plays it from, or what that engine knows nothing of."""
        labels = dict(zip(self.label_names, self.ports.labels, strict=True))
        return engine_program(self.core, labels)

    def prove(self, content: bytes) -> None:
        """Silence and NaN in every mode of phase recovery, its delay, and rates of other hosts."""
        check_quiet(content, self.core)
        check_recovered_delays(content, self.core)
        check_host_rates(content, self)

    def lines(self, content: bytes) -> dict[str, Any]:
        """Window and hop, how phases are recovered, latent axes and labels."""
        shown, axes = self.core.latent_dims, self.axes
        heard = heard_windows(self.core, self.latents, axes, self.ports.plain)
        ways = heard.roadmap()
        return {
            "host_rates_hz": self.core.host.rates_hz,
            "trained_at_hz": self.core.transform.sample_rate_hz,
            "n_fft": self.core.n_fft,
            "hop": self.core.hop,
            "phase_recovery": measure_recovery(content, self.core),
            "latent": {
                "explained": [round(float(v), 4) for v in axes.explained[:shown]],
                "lowest": [round(float(v), 3) for v in axes.lowest[:shown]],
                "highest": [round(float(v), 3) for v in axes.highest[:shown]],
                "rising": axis_words(heard, axes),
                "places": _rounded(heard.places()),
                "walk": {"stops": _rounded(ways.stops), "ways": ways.ways},
            },
            "labels": {
                "empty_inlet": EMPTY_INLET,
                "commanded": self._commanded(),
                "guessed": [
                    {"name": name, "forward_outlet": 2 + i, "encode_outlet": 1 + shown + i}
                    for i, name in enumerate(self.ports.outlets)
                ],
            },
        }

    def _commanded(self) -> list[dict[str, Any]]:
        """What can be commanded: at which inlets, from 1, and by which message."""
        first = {"forward": 2, "encode": 2, "decode": 1 + self.core.latent_dims}
        rows = []
        for label, attribute in zip(self.ports.labels, self.label_names, strict=True):
            inlets = {method: first[method] for method in label.methods}
            first |= {method: inlet + 1 for method, inlet in inlets.items()}
            classes: list[Any] = list(label.classes) or list(range(label.dim))
            row: dict[str, Any] = {
                "task": label.task,
                "message": f"set {attribute}",
                "classes": classes if label.dim > 1 else None,
                "name": label.inlet("forward"),
                "plain": label.plain,
            }
            row |= {f"{method}_inlet": inlets.get(method) for method in first}
            rows.append(row | {"guessed_in": list(label.guessed_in)})
        return rows

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """How near recovered phases come, what axes do as they rise, and where labels are."""
        lines = []
        for method, alike in card["phase_recovery"].items():
            but = (
                "but " if alike["difference"] else ""
            )  # blocks equal the whole, says the line above
            differ = f"differ with the block, mean spectra by {alike['mean_difference']:.1%}"
            lines.append(
                f"  {but}{method}'s recovered phases "
                f"{differ if alike['difference'] else 'are the same in any block'}; spectra miss "
                f"the model's by {alike['model_error_whole']:.1%} whole, "
                f"{alike['model_error_in_blocks']:.1%} in blocks of one hop"
            )
        rates = " and ".join(map(str, card["host_rates_hz"]))
        lines.append(f"  in tune at {rates} Hz, trained at {card['trained_at_hz']} Hz")
        if "prior" in card["methods"]:
            lines.append("  plays by itself: prior moves the axes as they move in its recordings")
        # A number stays beside its words: a line breaks at no no-break space.
        rising = [
            f"{axis} {words}".replace(" ", "\N{NO-BREAK SPACE}")
            for axis, words in enumerate(card["latent"]["rising"], 1)
        ]
        text = f"axes, as they rise: {' · '.join(rising)}"
        wrapped = textwrap.wrap(text, 96, initial_indent="  ", subsequent_indent="    ")
        lines += [line.replace("\N{NO-BREAK SPACE}", " ") for line in wrapped]
        lines += [
            f"  label {task['name']}: inlet {task['forward_inlet']} of forward, "
            f"{task['decode_inlet']} of decode; {task['message']}"
            for task in card["labels"]["commanded"]
        ]
        lines += [
            f"  guess {guess['name']}: outlet {guess['forward_outlet']} of forward, "
            f"{guess['encode_outlet']} of encode"
            for guess in card["labels"]["guessed"]
        ]
        return lines


def _rounded(points: Tensor) -> list[list[float]]:
    """Coordinates as a card has them."""
    return [[round(value, 2) for value in point] for point in points.tolist()]


def playable(run: Run, wishes: Mapping[str, Any]) -> PlayableVAE:
    """A trained VAE, with the axes and the phase recovery that somebody wishes.

    Args:
        run: the trained model.
        wishes: any of
            projection: axes shown at first, one of `PROJECTIONS` (pca);
            latent_dims: axes shown: a count, or a fidelity between 0 and 1 (all);
            inversion: phase recovery of `decode`; "live" serves `forward`, too, whose delay would
                else be longer with the input's phase than without (the run's);
            texture: part of the noise that is played as noise at first, 0 to 1 (the run's);
            confidence: an outlet for how sure each guessed label is (no);
            rate: the host's sample rate at first, in Hz, which decides how long window and hop are
                in samples (the model's own).

    Raises:
        InputError: for a wish that cannot be, or a run that no instrument can come from.
    """
    check_wishes(wishes, WISHES, "vae")
    model, projection = run.model, wishes.get("projection", "pca")
    inversion = wishes.get("inversion") or run_inversion(run)
    confidence = bool(wishes.get("confidence"))
    if inversion not in MODES:
        raise InputError(f"inversion must be one of {', '.join(MODES)}, got {inversion!r}")
    texture = wishes.get("texture", model.texture)
    if texture is not None:
        check_number("texture", texture, 0.0, 1.0)
    if projection not in PROJECTIONS:
        raise InputError(f"projection must be one of {', '.join(PROJECTIONS)}, got {projection!r}")
    latents = run.kept.latents
    if not len(latents):
        raise InputError(f"{run.folder}: its checkpoint holds no training latents: train again")
    if confidence and not model.prediction.tasks:
        raise InputError(
            f"{run.folder}: guesses no labels to be confident of: leave --confidence out, or train "
            "with model.prediction"
        )
    check_finite(run.folder, {**model.state_dict(), "training latents": latents})
    scale = float(model.transform.scale)
    if not scale >= 1.0 / LARGEST:
        raise InputError(
            f"{run.folder}: the sounds it was trained on are all but silent (a mean magnitude of "
            f"{scale:.0e}): train on recordings that can be heard"
        )
    rate_hz = wishes.get("rate")
    check_rate(model.transform, rate_hz)
    axes = {kind: fit_axes(latents, kind, model.unlabelled_magnitude) for kind in PROJECTIONS}
    fidelity = wishes.get("latent_dims")
    wanted = model.latent_dim if fidelity is None else fidelity
    shown = count_axes(axes[projection].explained, wanted)
    forward_mode = "live" if inversion == "live" else KEEP_INPUT
    core = InstrumentCore(
        *(model, axes, shown, forward_mode, inversion, confidence),
        is_hosted=True,
        texture=texture,
        prior=read_prior(run.folder, model),
        rate_hz=rate_hz,
    )
    core.set_projection(PROJECTIONS.index(projection))
    ports = LabelPorts.of(model.conditioning, model.prediction, run.kept.classes, confidence)
    return PlayableVAE(core.eval(), axes[projection], latents, ports)


def check_rate(transform: SpectralTransform, rate_hz: int | None) -> None:
    """Refuse a rate that a model cannot play at.

    Raises:
        InputError: saying which it can.
    """
    factors = window_factors(transform.sample_rate_hz)
    possible = [hz for hz, factor in factors.items() if factor * transform.n_fft <= LONGEST]
    if rate_hz is not None and rate_hz not in possible:
        known = ", ".join(map(str, sorted(possible)))
        raise InputError(
            f"--rate {rate_hz}: a model trained at {transform.sample_rate_hz} Hz plays at "
            f"{known} Hz: give one of these"
        )


def run_inversion(run: Run) -> str:
    """The mode of phase recovery that a run was configured with."""
    mode = OmegaConf.select(run.config, "inversion")
    if mode not in MODES:
        raise InputError(
            f"{run.folder / 'config.yaml'}: inversion must be one of {', '.join(MODES)}, "
            f"got {mode!r}: give --inversion"
        )
    return str(mode)
