"""A trained bridge as a host plays it: what is scripted, proved, and told on its card."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vschaos2.config import suggestion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.export.checks import TOLERANCE, check_finite
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import check_wishes
from vschaos2.export.trial import ExportError, opened, played, settings
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.engine_program import engine_program
from vschaos2.families.bridge.live_way import live_way
from vschaos2.families.bridge.streaming_bridge import FEW, StreamingBridge
from vschaos2.families.bridge.ways import TRANSLATOR
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.playable import PlayableVAE, check_rate
from vschaos2.families.vae.projection import PROJECTIONS, LatentAxes, count_axes, fit_axes
from vschaos2.families.vae.streaming_vae import StreamingVAE
from vschaos2.labels.ports import LabelPorts
from vschaos2.patches.controls import words_of
from vschaos2.ranges import check_number
from vschaos2.runs.folder import Run

WISHES = (
    *("to", "from", "method", "sigma", "steps", "guidance"),
    *("projection", "latent_dims", "inversion", "texture", "rate"),
)
USUAL = "live"  # what has the shortest delay: that of the input's phase is longer
TEST_HOPS = 48
EXACT = "eco"  # phases that are recovered, and do not depend on blocks


class PlayableBridge(PlayableVAE):
    """`forward`, `encode`, `translate` and `decode` of a bridge.

    Args:
        core: the signal path, set as it shall be at first.
        axes: the axes shown at first.
        latents: of the recordings, [N, Z].
        facts: lines of the card, in plain values.
    """

    exact: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Recovered phases turn last bits, in which a file and Python differ, into more.
        "forward": {"inversion": KEEP_INPUT, "limiter": "off"},
        "decode": {"inversion": EXACT, "limiter": "off"},
    }
    # An impulse is nothing that a bridge knows: carried over it need be none.
    passing: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "forward": {"inversion": KEEP_INPUT, "limiter": "off", "amount": 0.0},
    }
    core: BridgeCore

    def __init__(
        self, core: BridgeCore, axes: LatentAxes, latents: Tensor, facts: Mapping[str, Any]
    ) -> None:
        super().__init__(core, axes, latents, LabelPorts())
        self.together["translate"] = core.latent_dims
        self.facts = dict(facts)

    def hosted(self, core: InstrumentCore, ranges: Tensor, ports: LabelPorts) -> StreamingVAE:
        """What is scripted, around a signal path."""
        assert isinstance(core, BridgeCore)
        return StreamingBridge(core, ranges, words_of(core.way.model.instruments), ports)

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Noise, or axes at random: [1, inlets, samples / in_ratio]."""
        like = "decode" if method == "translate" else method
        return super().example(like, samples, generator)

    def for_engine(self) -> EngineProgram | str:
        """Settings and tensors, or what the small engine knows nothing of, in words."""
        return engine_program(self.core)

    def prove(self, content: bytes) -> None:
        """What a VAE proves, and that `amount 0` is the VAE's own sound."""
        super().prove(content)
        check_nothing_carried(content, self)

    def lines(self, content: bytes) -> dict[str, Any]:
        """What a VAE tells, and from which instrument to which the way goes."""
        return {**super().lines(content), "bridge": self.facts}

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """A sentence about the way, and what a VAE tells."""
        told = card["bridge"]
        way = f"  from {told['from']} to {told['to']} by {told['way']}"
        if len(told["instruments"]) > FEW:
            way += f"; set source and target to any of {', '.join(told['instruments'])}"
        lines = [way + "; amount 0 is the VAE's own sound"]
        if octaves := told["octaves"]:
            moved = f"{abs(octaves)} octave{'s' if abs(octaves) > 1 else ''}"
            moved += " above" if octaves > 0 else " below"
            lines.append(
                f"  plays {moved} what it hears, as it learnt"
                if told["way"] == TRANSLATOR
                else f"  {told['to']} lies {moved}: set transpose {12 * octaves}"
            )
        return [*lines, *PlayableVAE.table(card)]


def check_nothing_carried(content: bytes, playable: PlayableBridge) -> None:
    """Raise ExportError unless a file at `amount 0` plays what the VAE alone plays."""
    core = playable.core
    alone = InstrumentCore(
        *(core.model, dict.fromkeys(PROJECTIONS, playable.axes), core.latent_dims),
        *(KEEP_INPUT, EXACT),
        is_hosted=True,
        texture=core.texture if core.has_texture else None,
        rate_hz=core.host.rate_hz,
    ).eval()
    loaded, generator = opened(content), torch.Generator().manual_seed(0)
    block = playable.example("forward", TEST_HOPS * playable.block_samples, generator)
    with torch.inference_mode(), settings(loaded, {**playable.exact["forward"], "amount": 0.0}):
        due = alone.forward(block)[:, :1]
        error = float((played(loaded, "forward", block)[:, :1] - due).abs().max())
    if not error <= TOLERANCE * max(float(due.abs().max()), 1e-3):
        raise ExportError(f"forward at amount 0: deviates from the VAE's own by {error:.1e}")


def ends_of(model: BridgeModel, wishes: Mapping[str, Any]) -> tuple[int, int]:
    """From which instrument to which, by number.

    Args:
        model: that knows them.
        wishes: `to` and `from`; of two instruments one name tells the other.

    Raises:
        InputError: for an instrument that it does not know, or too little said.
    """
    known = ", ".join(model.instruments)
    found: dict[str, int] = {}
    for key in ("to", "from"):
        name = wishes.get(key)
        if name is None:
            continue
        if name not in model.instruments:
            near = suggestion(str(name), list(model.instruments))
            raise InputError(f"--{key} {name}: no such instrument{near} (there are {known})")
        found[key] = model.number_of(name)
    if len(model.instruments) == FEW and len(found) == 1:
        other, number = ("from", 1 - found["to"]) if "to" in found else ("to", 1 - found["from"])
        found[other] = number
    for key in ("to", "from"):
        if key not in found:
            raise InputError(f"--{key} is missing: give one of {known}")
    if found["to"] == found["from"]:
        raise InputError(
            f"--from and --to are both {wishes.get('to')}: give two of {known}, or leave one out"
        )
    return found["from"], found["to"]


def playable(run: Run, wishes: Mapping[str, Any]) -> PlayableBridge:
    """A trained bridge, from one instrument to another.

    Args:
        run: the trained model.
        wishes: any of
            to: the instrument that is played; needed, unless of two `from` is told;
            from: the instrument that is heard; of two, the other one;
            method: the way between them, one of `live_way.LIVE_WAYS` (the first that was learnt);
            sigma, steps, guidance: of the way through noise, how far up, in how many steps, and how
                far away from the other (1.2, 2, .2);
            projection: axes shown at first, one of `PROJECTIONS` (pca);
            latent_dims: axes shown: a count, or a fidelity between 0 and 1 (all);
            inversion: phase recovery of `forward` and `decode` (live);
            texture: part of the noise that is played as noise at first, 0 to 1 (the VAE's);
            rate: the host's sample rate at first, in Hz (the model's own).

    Raises:
        InputError: for a wish that cannot be, or a run that no instrument can come from.
    """
    check_wishes(wishes, WISHES, "bridge")
    model, vae, latents = run.model, run.model.vae, run.kept.latents
    source, target = ends_of(model, wishes)
    way = live_way(model, *(wishes.get(key) for key in ("method", "sigma", "steps", "guidance")))
    projection, inversion = wishes.get("projection", "pca"), wishes.get("inversion", USUAL)
    texture = wishes.get("texture", vae.texture)
    for name, value, choices in (
        ("inversion", inversion, tuple(MODES)),
        ("projection", projection, PROJECTIONS),
    ):
        if value not in choices:
            raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}")
    if texture is not None:
        check_number("texture", texture, 0.0, 1.0)
    if not len(latents):
        raise InputError(f"{run.folder}: its checkpoint holds no latents: train again")
    check_finite(run.folder, {**model.state_dict(), "training latents": latents})
    rate_hz = wishes.get("rate")
    check_rate(vae.transform, rate_hz)
    axes = {kind: fit_axes(latents, kind, vae.unlabelled_magnitude) for kind in PROJECTIONS}
    wanted = wishes.get("latent_dims", vae.latent_dim)
    core = BridgeCore(
        *(way, axes, count_axes(axes[projection].explained, wanted), source, target, inversion),
        texture=texture,
        rate_hz=rate_hz,
    )
    core.set_projection(PROJECTIONS.index(projection))
    facts = {
        "instruments": words_of(model.instruments),
        "from": model.instruments[source],
        "to": model.instruments[target],
        "octaves": int(model.octaves[source, target]),
        "way": way.name,
    }
    return PlayableBridge(core.eval(), axes[projection], latents, facts)
