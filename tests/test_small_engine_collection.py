"""Collections of chains in the small engine, held against torch; and files that it refuses."""

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from retrieved_runs import drawn
from small_engine import Player, RefusedError, is_buildable, ran, relative

from vschaos2.export.for_engine import card_lines
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.processors.chain import Chain
from vschaos2.processors.parameter import Ranges
from vschaos2.retrieval.playable_collection import playable_collection
from vschaos2.retrieval.preset_folder import Presets, write_presets

RATE = 44_100
ITEMS = ["peak", "compressor", {"space": {"reverb_eq": False}}]

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


@pytest.fixture(scope="module")
def both(engine, tmp_path_factory) -> Both:
    """Eight presets of a small chain, moved along three axes."""
    folder = tmp_path_factory.mktemp("presets")
    chain = Chain(ITEMS, RATE)
    values = torch.tensor([list(each.values()) for each in drawn(8)], dtype=torch.float64)
    raw = Ranges(chain.physical).raw(values[..., None])[..., 0]
    info = {
        "sample_rate_hz": RATE,
        "model": {"net": {"_target_": "Chain", "processors": ITEMS}, "channels_in": 1},
    }
    tracks = tuple(f"song{n}" for n in range(8))
    write_presets(folder, Presets(tracks, chain.physical, raw, values, info))
    playable = playable_collection(folder, {"latent_dims": 3.0})
    return Both(engine, folder / "collection.ts", playable)


@pytest.fixture
def pair(both) -> Both:
    both.set(preset="mean", towards="song7", morph=0.0, axis1=0.0, axis2=0.0, axis3=0.0)
    return both


def given(pair: Both, method: str, samples: int) -> torch.Tensor:
    """Noise, and sliders that move all over their ranges and beyond: [inlets, samples]."""
    inlets = pair.engine.methods[method][1].in_channels
    x = 0.2 * torch.randn(inlets, samples, generator=torch.Generator().manual_seed(inlets))
    x[1:] = 4.0 * torch.sin(torch.arange(samples) * 0.002 * (1 + torch.arange(inlets)[:, None]))[1:]
    return x


def test_it_is_the_same_collection(pair):
    assert list(pair.engine.methods) == pair.torch.method_names == ["forward", "modulate"]
    assert card_lines(pair.content) == {"engine": {"plays": ["forward", "modulate"]}}
    assert pair.engine.controls == pair.torch.attribute_names
    for name in pair.engine.controls:
        found, due = pair.engine.get(name), get_attribute(pair.torch, name)
        assert ([found] if isinstance(found, str) else found) == due, name


TURNS: tuple[dict[str, float | str], ...] = (
    {}, {"preset": "song3"}, {"morph": 0.4}, {"towards": "song1", "axis1": 3.0},
    {"preset": "mean", "axis2": -3.0}, {"morph": 1.0, "axis3": 1.5, "axis1": 0.0}, {},
)  # fmt: skip


@pytest.mark.parametrize("method", ["forward", "modulate"])
@pytest.mark.parametrize("rate_hz", [RATE, 48_000])
def test_presets_morphs_and_axes_are_as_in_torch(pair, method, rate_hz):
    """Also where they are set again on their way."""
    pair.set(sample_rate=rate_hz)
    pieces = []
    for turn, part in zip(TURNS, given(pair, method, 1536 * 7).split(1536, 1), strict=True):
        pair.tell(**turn)
        pieces.append(pair.play(method, part, 512))
    made, due = (np.concatenate(side, 1) for side in zip(*pieces, strict=True))
    assert relative(made, due) < 1e-5
    assert np.abs(due).max() > 0.05
    pair.tell(sample_rate=RATE)


def test_blocks_are_the_whole_bit_for_bit(pair):
    """Also on the way from one preset to another."""
    x, found = given(pair, "modulate", 3072).numpy(), []
    for block in (64, 192, 3072):
        pair.set(preset="song2", towards="song5", morph=0.5)
        pair.engine.play("modulate", x, 3072)
        pair.engine.set("preset", "song6")
        found.append(pair.engine.play("modulate", x, block))
    assert all(np.array_equal(each, found[0]) for each in found)


def test_a_preset_that_is_none_changes_nothing(pair):
    assert not pair.engine.set("preset", "song8")
    assert not pair.engine.set("morph", 1.5)
    assert pair.engine.get("preset") == "mean"


PLACED = {"kind": "placed", "base": [0.0]}
PAN = {
    **{"kind": "space", "panned": True, "echo": False, "room": False, "eq": False},
    "controller": {"kind": "fixed", "base": [0.0]},
}
RANGE = {"least": [0.0], "span": [1.0], "pace": [1.0], "is_log": [False]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings/presets": 0}, "presets"),
        ({"settings/presets": 8}, "presets has the shape"),
        ({"settings/net": "Chain"}, "has settings that are not its values"),
        ({"settings/knobs": []}, "has axes that are not its knobs"),
        (
            {
                "settings/processors": [
                    {"kind": "gain", "controller": PLACED | RANGE | {"axes": [[]]}}
                ]
            },
            "has axes that do not fit its values",
        ),
        (
            {"settings/processors": [PAN]},
            "presets has the shape",
        ),
        ({"controls": []}, None),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, pair, tmp_path, change, said):
    path = rewritten(pair.content, tmp_path / "other.ts", change)
    if said is None:  # nothing to set it by: it stays at its first preset
        assert Player(engine, path).controls == []
        return
    with pytest.raises(RefusedError, match=said):
        Player(engine, path)


def test_nothing_is_allocated_and_damaged_files_crash_nothing(engine_folder, pair):
    ran(engine_folder, "engine_allocations", pair.path)
    ran(engine_folder, "engine_fuzz", pair.path, 60, 1)
