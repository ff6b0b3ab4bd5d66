"""Exported bridges in the small engine, held against torch; and files that it refuses."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from small_engine import Player, RefusedError, is_buildable, labels_of, ran, relative
from taught import HOP, USUAL, sound, taught

from vschaos2.export.for_engine import card_lines
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.live_way import live_way
from vschaos2.families.bridge.playable import PlayableBridge
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.translator import Translator

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
NAMES = ("flute", "violin", "thin string")
# Ways by name: instruments, and what is asked for at export.
WAYS: dict[str, tuple[int, dict[str, Any]]] = {
    "translator": (3, {"method": "translator"}),
    "affine": (3, {"method": "affine"}),
    "bridge": (2, {"method": "bridge"}),
}


taught_vae = cache(partial(taught, USUAL))


def bridge(count: int, wishes: dict[str, Any]) -> PlayableBridge:
    """A taught VAE, and ways of chance weights that go some way."""
    of = taught_vae()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        translator = Translator(4, count, context=3, hidden_dims=16)
        flow = SequenceNet(4, count, hidden_dims=8, dilations=(1, 2))
        for weight in (*translator.parameters(), *flow.parameters()):
            torch.nn.init.normal_(weight, std=0.2)
        model = BridgeModel(of.core.model, NAMES[:count], translator, flow)
        model.mean.copy_(of.latents.mean(0))
        model.deviation.copy_(of.latents.std(0).clamp_min(0.1))
        model.centres.normal_(std=0.5)
        model.affine.add_(torch.randn_like(model.affine), alpha=0.2)
        model.is_fitted.fill_(1.0)
    model.eval().requires_grad_(False)
    way = live_way(model, *(wishes.get(name) for name in ("method", "sigma", "steps", "guidance")))
    axes = {
        kind: fit_axes(of.latents, kind, model.vae.unlabelled_magnitude) for kind in PROJECTIONS
    }
    core = BridgeCore(way, axes, 3, 0, 1, "live", texture=0.0)
    return PlayableBridge(core.eval(), axes["none"], of.latents, {})


EXPORTED: dict[str, tuple[Path, PlayableBridge]] = {}


def exported(engine: Any, name: str, folders: pytest.TempPathFactory) -> Both:
    """One of them, whose file is written once."""
    if name not in EXPORTED:
        EXPORTED[name] = folders.mktemp("bridge") / "bridge.ts", bridge(*WAYS[name])
    return Both(engine, *EXPORTED[name])


@pytest.fixture(scope="module", params=WAYS)
def both(request, engine, tmp_path_factory) -> Both:
    """Each of the ways, one at a time."""
    return exported(engine, request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def kept(engine, tmp_path_factory) -> Both:
    """The translator, of which more is asked."""
    return exported(engine, "translator", tmp_path_factory)


FIRST = {
    "amount": 1.0, "transpose": 0.0, "dynamics": 1.0, "inversion": "keep_input", "limiter": "off",
}  # fmt: skip


@pytest.fixture
def duo(kept) -> Both:
    kept.set(**FIRST, source="flute", target="violin")
    return kept


def axes(frames: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(3, frames, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_same_bridge(both):
    assert list(both.engine.methods) == both.torch.method_names
    assert "translate" in both.engine.methods
    for name, (_, shape) in both.engine.methods.items():
        assert getattr(both.torch, f"{name}_params").tolist() == [
            shape.in_channels, shape.in_ratio, shape.out_channels, shape.out_ratio
        ]  # fmt: skip
        for outlets in (False, True):
            side = "output" if outlets else "input"
            due = getattr(both.torch, f"{name}_{side}_labels")
            assert labels_of(both.engine, name, outlets) == due
    assert both.engine.controls == both.torch.attribute_names
    for name in both.engine.controls:
        shown = both.engine.get(name)
        shown = [shown] if isinstance(shown, str) else shown
        assert shown == get_attribute(both.torch, name), name
    assert card_lines(both.content) == {"engine": {"plays": list(both.engine.methods)}}


def test_every_value_is_as_in_torch(both):
    both.set(**FIRST)
    for method in ("encode", "translate", "forward"):
        both.reset()
        given = axes(48) if method == "translate" else sound(0.15)
        made, due = both.play(method, given, 4 * HOP)
        assert relative(made, due) < 1e-5, method
    both.set(amount=0.0)
    alone = both.play("forward", sound(0.15), 4 * HOP)
    assert relative(*alone) < 1e-5
    assert relative(made, alone[0]) > 0.01


def test_blocks_are_the_whole_bit_for_bit(both):
    for name, value in FIRST.items():
        both.engine.set(name, value)
    for method, given in (
        ("translate", axes(24)),
        ("forward", sound(0.07)),
        ("encode", sound(0.07)),
    ):
        x = given.numpy()
        both.engine.reset()
        both.engine.set("amount", 0.3)  # which is on its way
        whole = both.engine.play(method, x, 24 * HOP)
        for block in (1, 3, 8):
            both.engine.set("amount", 1.0)
            both.engine.reset()
            both.engine.set("amount", 0.3)
            assert np.array_equal(both.engine.play(method, x, block * HOP), whole)
        both.engine.set("amount", 1.0)


TURNS: tuple[dict[str, Any], ...] = (
    {}, {"amount": 0.2}, {"transpose": 7.0}, {"dynamics": 0.3}, {"amount": 0.9, "target": "flute"},
    {"source": "violin"}, {"target": "thin_string"}, {"transpose": -12.0}, {"reset": 1.0},
    {"transpose": 24.0, "amount": 0.0}, {"source": "thin_string", "amount": 1.0},
    {"transpose": 0.0, "projection": "ica"}, {"projection": "none"},
)  # fmt: skip


@pytest.mark.parametrize("method", ["translate", "forward"])
@pytest.mark.parametrize("frames", [1, 4])
def test_what_is_set_is_heard_as_in_torch(duo, method, frames):
    given = axes(8 * len(TURNS)) if method == "translate" else sound(0.4)[:, : 8 * HOP * len(TURNS)]
    pieces = []
    for turn, part in zip(TURNS, given.split(given.shape[1] // len(TURNS), 1), strict=True):
        duo.tell(**turn)
        pieces.append(duo.play(method, part, frames * HOP))
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 2e-5


def test_phases_that_are_recovered(duo):
    """The first hops sample by sample; then last bits are others."""
    for mode in ("eco", "live"):
        duo.set(inversion=mode)
        made, due = duo.play("forward", sound(0.15), 4 * HOP)
        assert duo.engine.delay("forward") == duo.torch.get_delay()[0]
        begun = duo.engine.delay("forward") + 8 * HOP
        assert relative(made[:, :begun], due[:, :begun]) < 1e-3
    assert duo.engine.delay("translate") == 0


def test_decode_is_that_of_the_vae(duo):
    duo.set(inversion="eco")
    made, due = duo.play("decode", axes(32), 4 * HOP)
    assert relative(made, due) < 1e-3


def test_what_is_no_number(duo):
    x = axes(24)
    x[0, 3], x[1, 5], x[2, 7:9], x[:, 12] = np.nan, np.inf, 1e30, -1e30
    made, due = duo.play("translate", x, 4 * HOP)
    assert np.isfinite(made).all() and relative(made, due) < 1e-5


def test_a_reset_forgets_what_was_carried(duo):
    x, given = axes(16).numpy(), sound(0.06).numpy()
    for method, values in (("translate", x), ("forward", given)):
        duo.engine.reset()
        first = duo.engine.play(method, values, 4 * HOP)
        for forget in (duo.engine.reset, partial(duo.engine.set, "reset", 1.0)):
            assert not np.array_equal(duo.engine.play(method, values, 4 * HOP), first)
            forget()
            assert np.array_equal(duo.engine.play(method, values, 4 * HOP), first)


def test_voices_and_methods_do_not_hear_each_other(engine, duo):
    pair, alone = Player(engine, duo.path, voices=2), Player(engine, duo.path)
    x, other, noise = axes(16).numpy(), axes(16, 5).numpy(), sound(0.06).numpy()
    due = alone.play("translate", x, HOP)
    for frame in range(16):
        part, hop = slice(frame, frame + 1), slice(frame * HOP, (frame + 1) * HOP)
        pair.play("translate", other[:, part], HOP, voice=0)
        pair.play("forward", noise[:, hop], HOP, voice=1)
        assert np.array_equal(pair.play("translate", x[:, part], HOP, voice=1), due[:, part])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", 1.1), ("amount", "much"), ("transpose", 25.0), ("dynamics", -0.1),
        ("source", "oboe"), ("target", 1.0),
    ],
)  # fmt: skip
def test_what_a_control_does_not_take_changes_nothing(duo, name, value):
    before = duo.engine.get(name)
    assert not duo.engine.set(name, value)
    assert duo.engine.get(name) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings/bridge/way": "wings"}, "has the way wings"),
        ({"settings/bridge/instruments": 1}, "instruments"),
        ({"settings/bridge/instruments": 4}, "bridge.centres has the shape"),
        ({"settings/bridge/target": 3}, "target"),
        ({"settings/bridge/context": 4}, "bridge.input.weight has the shape"),
        ({"settings/bridge/context": 0}, "context"),
        ({"settings/bridge/way": "bridge"}, "hidden_dims was expected"),
        ({"methods/translate/out_ratio": 1}, "translate has other channels"),
        ({"methods/translate/outlets": 4}, "translate has other channels"),
        ({"controls/1/choices": ["flute", "violin"]}, "has a control|begins with"),
        ({"tensors/bridge.direction/shape": [3, 16]}, "bridge.direction has the shape"),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, kept, tmp_path, change, said):
    path = rewritten(kept.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said) as refused:
        Player(engine, path)
    assert "\n" not in str(refused.value)


def test_nothing_is_allocated_while_playing(engine_folder, both):
    ran(engine_folder, "engine_allocations", both.path)


def test_damaged_files_crash_nothing(engine_folder, both):
    ran(engine_folder, "engine_fuzz", both.path, 40, 1)
