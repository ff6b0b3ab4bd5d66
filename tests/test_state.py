"""State of streams: every module that has one forgets it, and none forgets what was set."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
import torch
from conftest import TINY
from omegaconf import OmegaConf
from small_hits import small_hits
from torch import Tensor, nn

import vschaos2
from vschaos2.dsp.host_rate import RecentSound
from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.noise_part import NoisePart
from vschaos2.dsp.random_draws import RandomDraws
from vschaos2.dsp.random_phases import RandomPhases
from vschaos2.dsp.state import State, Stateful
from vschaos2.dsp.streaming import StreamingAnalysis, StreamingSynthesis
from vschaos2.events.detector import OnsetDetector
from vschaos2.export.output_level import OutputLevel
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.glide import Glide
from vschaos2.families.bridge.live_way import LiveWay
from vschaos2.families.bridge.transfer_core import TransferCore
from vschaos2.families.bridge.ways import Way
from vschaos2.families.foley.striking import Striking
from vschaos2.families.foley.voices import HitVoices
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.prior_training import fit_basis
from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.flows.translator import Translator
from vschaos2.generation import offline_core

N_FFT, HOP = 512, 128
# Tensors that are assigned while a module plays and stay over a reset: commands of the player.
SETTINGS = {
    ("EmptyInlets", "has_spoken"), ("LabelInlets", "values"),
    ("Chain", "held"), ("Chain", "held_values"), ("CollectionNet", "base"),
}  # fmt: skip
# What these hold follows from what they are set to: their state is their caller's.
CACHES = {"Chain", "Combs", "Echo", "Filter", "OnePole", "Room", "Space"}
UNSCRIPTED = ("OfflineCore", "TransferCore")  # play files in Python only

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def noise(*shape: int, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def remembering_core() -> InstrumentCore:
    """A core with labels, guesses, a memory and refined phases: all the state there is."""
    config = OmegaConf.create(TINY)
    config.model.temporal = "gru"
    config.model.conditioning = {
        "octave": {"dim": 3, "target": ["encoder", "decoder"]},
        "pitch": {"dim": 3},
    }
    config.model.prediction = {"pitch": {"dim": 3, "input": "latent", "args": {"hidden_dims": 8}}}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
    axes = {kind: own_axes(4) for kind in PROJECTIONS}
    core = InstrumentCore(model, axes, 4, "balanced", "live", is_hosted=True).eval()
    core.set_label(0, 2.0)
    return core


def play_core(core) -> Tensor:
    """All three methods, which know the commands since the first block."""
    core.set_gain(0.5)
    labels = torch.ones(1, 2, 6)
    held = labels.repeat_interleave(HOP, 2)
    sound, latents = noise(1, 1, 6 * HOP), 10.0 * noise(1, 4, 6)
    made = (
        core.forward(torch.cat((sound, held), 1)),
        core.encode(torch.cat((sound, held[:, :1]), 1)),
        core.decode(torch.cat((latents, labels), 1)),
    )
    return torch.cat([part.flatten() for part in made])


def bridge_core() -> BridgeCore:
    """One whose way remembers, in a mode of phases that does, too."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(OmegaConf.create(TINY))
        net = Translator(4, 2, context=3, hidden_dims=8)
        nn.init.normal_(net.output.weight)
        way = LiveWay(BridgeModel(model, ("a", "b"), net).eval().requires_grad_(False))
    return BridgeCore(way, {kind: own_axes(4) for kind in PROJECTIONS}, 4, 0, 1).eval()


def play_bridge(core) -> Tensor:
    """All four methods, on the way to another amount."""
    core.set_amount(0.2)
    sound, latents = noise(1, 1, 6 * HOP), 10.0 * noise(1, 4, 6)
    made = (
        core.forward(sound), core.encode(sound), core.translate(latents), core.decode(latents)
    )  # fmt: skip
    return torch.cat([part.flatten() for part in made])


def play_glide(glide) -> Tensor:
    """A number that stands, then moves and arrives, then moves away."""
    glide.goal = 0.4
    first = glide(3)
    glide.goal = 1.0
    glide(2)
    glide.goal = 0.4
    return first


def play_state(state) -> Tensor:
    value = state.recall(2) + 1.0
    state.keep(value)
    return value


def play_level(level) -> Tensor:
    """A block that arrives at half the gain, from wherever it was, and one more at double."""
    level.gain = 0.5
    first = level(torch.ones(1, 8))
    level.gain = 2.0
    level(torch.ones(1, 8))
    level.gain = 0.5
    return first


def noise_part() -> NoisePart:
    part = NoisePart(N_FFT, HOP, 1.0)
    part.start(1, 2)
    return part


def play_noise_part(part) -> Tensor:
    logs = noise(1, 6, N_FFT // 2 + 1)
    tone, spectra = part(logs[:, 2:].exp(), logs, 0, None)
    return torch.cat((tone.flatten(), torch.view_as_real(spectra).flatten()))


def prior_stream() -> PriorStream:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        prior = LatentPrior(3, 3, hidden_dims=8, components=2)
        fit_basis(prior, 10.0 * noise(200, 3))
    return PriorStream(prior.eval().requires_grad_(False))


def play_clicks(detector) -> Tensor:
    """Two clicks, the second of them told of in the block that comes next."""
    sound = 1e-3 * noise(1, 1, 2000)
    sound[0, 0, [100, 1900]] = 0.5
    return detector(sound)


def transfer_core() -> TransferCore:
    """Files through a translator, which remembers frames."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        translator = Translator(4, 2, context=3, hidden_dims=8)
        nn.init.normal_(translator.output.weight)
        vae = build_model(OmegaConf.create(TINY)).eval()
    bridge = BridgeModel(vae, ("a", "b"), translator).eval().requires_grad_(False)
    return TransferCore(bridge, Way(bridge, "translator"), 0, 1, 0.0, "balanced")


def play_striking(striking) -> Tensor:
    """Two hits, the second within the first, whose voice goes on in the next block."""
    x = torch.zeros(1, 2 + striking.n_labels + striking.axes, 3000)
    x[0, 0, 100] = x[0, 0, 2500] = 1.0
    x[0, 1] = 0.5
    return striking(x)


def play_voices(voices) -> Tensor:
    """The rest of what was struck before, and a hit."""
    latents = torch.zeros(voices.sounding.parts * voices.sounding.part_frames, 4)
    voices.strike(0, 10, latents, 0.5, 2, False)
    return torch.cat([voices.advance(voices.until_step()) for _ in range(2)], 1)


class Case(NamedTuple):
    make: Callable[[], Stateful]
    play: Callable[[nn.Module], Tensor]


def inversion_case(mode: str) -> Case:
    magnitudes = noise(1, 6, N_FFT // 2 + 1).abs()
    return Case(lambda: MagnitudeInversion(N_FFT, HOP, mode), lambda module: module(magnitudes))


CASES = {
    "State": Case(lambda: State(3), play_state),
    "RandomPhases": Case(lambda: RandomPhases(5), lambda module: module(3)),
    "StreamingAnalysis": Case(
        lambda: StreamingAnalysis(N_FFT, HOP),
        lambda module: torch.view_as_real(module(noise(1, 3 * HOP))),
    ),
    "StreamingSynthesis": Case(
        lambda: StreamingSynthesis(N_FFT, HOP),
        lambda module: module(torch.complex(noise(1, 3, 257), noise(1, 3, 257, seed=1))),
    ),
    **{f"MagnitudeInversion {mode}": inversion_case(mode) for mode in MODES},
    "NoisePart": Case(noise_part, play_noise_part),
    "RandomDraws": Case(lambda: RandomDraws(3), lambda module: torch.cat(module(4), 1)),
    "RecentSound": Case(lambda: RecentSound(5), lambda module: module(noise(1, 8))),
    "PriorStream": Case(prior_stream, lambda module: module(torch.ones(1, 6))),
    "OnsetDetector": Case(lambda: OnsetDetector(8000), play_clicks),
    "OutputLevel": Case(OutputLevel, play_level),
    "InstrumentCore": Case(remembering_core, play_core),
    "TransferCore": Case(transfer_core, lambda module: module(noise(1, 1, 6 * HOP))),
    "BridgeCore": Case(bridge_core, play_bridge),
    "Glide": Case(lambda: Glide(1.0), play_glide),
    "HitVoices": Case(lambda: HitVoices(small_hits().sounding, 44_100), play_voices),
    "Striking": Case(lambda: Striking(small_hits(), 2), play_striking),
    "OfflineCore": Case(lambda: offline_core(remembering_core().model, "balanced"), play_core),
}


def house_modules() -> Iterator[type[nn.Module]]:
    """Every module class that a file of the package defines."""
    for found in pkgutil.walk_packages(vschaos2.__path__, "vschaos2."):
        file = importlib.import_module(found.name)
        for kind in vars(file).values():
            is_module = inspect.isclass(kind) and issubclass(kind, nn.Module)
            if is_module and kind.__module__ == file.__name__:
                yield kind


def assigned_while_playing(kind: type[nn.Module]) -> set[str]:
    """Attributes that a class declares as tensors and assigns outside its constructor."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    tensors = {
        line.target.id
        for line in tree.body
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and ast.unparse(line.annotation) == "Tensor"
    }
    return {
        target.attr
        for method in tree.body
        if isinstance(method, ast.FunctionDef) and method.name != "__init__"
        for line in ast.walk(method)
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Attribute) and target.attr in tensors
    }


def kept_by(module: nn.Module) -> dict[str, Tensor | int | float | str]:
    """All that a module and those inside it hold besides weights: buffers and plain numbers."""
    kept: dict[str, Tensor | int | float | str] = dict(module.named_buffers())
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if isinstance(value, int | float | str):
                kept[f"{path}.{name}"] = value
    return kept


def changed(before: dict, after: dict) -> set[str]:
    return {
        name
        for name, value in after.items()
        if not (
            torch.equal(value, before[name]) if isinstance(value, Tensor) else value == before[name]
        )
    }


@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
@pytest.mark.parametrize("name", CASES)
def test_after_a_reset_every_module_plays_as_at_first(name: str, is_scripted: bool):
    if is_scripted and name in UNSCRIPTED:
        pytest.skip("never scripted")
    case = CASES[name]
    module = case.make()
    module = torch.jit.script(module) if is_scripted else module
    case.play(module)  # a setting that it changes is changed from now on
    module.reset()
    with torch.inference_mode():
        first = case.play(module).clone()
        assert not torch.equal(case.play(module), first)  # it does remember
    module.reset()  # outside inference mode, as hosts do
    assert torch.equal(case.play(module), first)


def test_every_stateful_module_of_the_house_has_a_case():
    named = {name.split()[0] for name in CASES}
    stateful = {kind.__name__ for kind in house_modules() if issubclass(kind, Stateful)}
    assert stateful - {"Stateful"} - CACHES == named


def test_what_a_module_assigns_while_it_plays_is_forgotten_or_a_setting():
    assigned = {
        (kind, attribute) for kind in house_modules() for attribute in assigned_while_playing(kind)
    }
    assert {(State, "value"), (MagnitudeInversion, "tail")} <= assigned
    kept = {
        (kind.__name__, attribute)
        for kind, attribute in assigned
        if not (issubclass(kind, Stateful) and hasattr(kind, "forget"))
    }
    assert kept == SETTINGS


def test_a_reset_leaves_nothing_but_settings_behind():
    core = remembering_core()
    play_core(core)
    core.reset()
    fresh = kept_by(core)
    play_core(core)
    moved = changed(fresh, kept_by(core))
    assert {
        "encode_analysis.history.value",
        "forward_analysis.history.value",
        "forward_inversion.phase",
        "forward_inversion.noise.frame_count",
        "decode_inversion.tail",
        "forward_memory.value",
        "decode_memory.value",
    } <= moved
    core.reset()
    assert changed(fresh, kept_by(core)) == set()
    assert float(core.labels.values[0]) == 2.0
    assert torch.equal(core.forward_inlets.has_spoken, torch.ones(1, 2))


def test_a_reset_reaches_through_modules_that_know_nothing_of_it():
    class Outer(Stateful):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(2, 2), nn.ModuleList([State(2)]))

    outer = Outer()
    outer.body[1][0].keep(torch.ones(3, 2))
    outer.reset()
    assert torch.equal(outer.body[1][0].value, torch.zeros(1, 2))
