"""Exported hits in the small engine, held against torch; and files that it refuses."""

from functools import partial

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from small_engine import Player, RefusedError, is_buildable, labels_of, ran, relative
from small_hits import decaying_hits, small_hits

from vschaos2.export.for_engine import card_lines
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.families.foley.playable import PlayableHits

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
OWN_HZ = 44_100
LENGTH = 12_000
CLOSE = 1e-5  # of the peak


@pytest.fixture(scope="module")
def both(engine, tmp_path_factory) -> Both:
    return Both(engine, tmp_path_factory.mktemp("hits") / "hits.ts", decaying_hits())


USUAL = {
    "velocity": 1.0, "variation": 1.0, "seed": 0.0, "free": 0.0, "polyphony": 8.0, "choke": 0.0,
    "gain_db": 0.0, "limiter": 0.0, "sample_rate": OWN_HZ, "axis1": 0.0, "axis3": 0.0,
    "material": "wood",
}  # fmt: skip


@pytest.fixture
def drum(both) -> Both:
    both.set(**USUAL)
    return both


def struck(both: Both, at: list[int], count: int = LENGTH) -> torch.Tensor:
    """Triggers at some samples, and nothing told: [inlets, count]."""
    x = torch.zeros(both.engine.methods["hit"][1].in_channels, count)
    x[0, at] = 1.0
    return x


def test_they_are_the_same_hits(drum):
    assert list(drum.engine.methods) == ["hit"]
    for outlets in (False, True):
        side = "output" if outlets else "input"
        assert labels_of(drum.engine, "hit", outlets) == getattr(drum.torch, f"hit_{side}_labels")
    assert drum.engine.controls == drum.torch.attribute_names
    for name in drum.engine.controls:
        shown = drum.engine.get(name)
        shown = [shown] if isinstance(shown, str) else shown
        assert shown == get_attribute(drum.torch, name), name
    assert drum.engine.delay("hit") == 0
    assert card_lines(drum.content) == {"engine": {"plays": ["hit"]}}


@pytest.mark.parametrize("rate_hz", [OWN_HZ, 48_000, 88_200, 96_000])
def test_every_sample_is_as_in_torch(drum, rate_hz):
    drum.set(sample_rate=rate_hz)
    made, due = drum.play("hit", struck(drum, [63, 5000]), 512)
    assert relative(made, due) < CLOSE
    assert np.abs(due).max() > 0.01 and not due[0, :63].any() and not made[0, :63].any()


@pytest.mark.parametrize("rate_hz", [OWN_HZ, 48_000])
def test_blocks_are_the_whole_bit_for_bit(drum, rate_hz):
    drum.set(sample_rate=rate_hz)
    x = struck(drum, [0, 700, 1024, 3001, 3400], 6000).numpy()
    whole = drum.engine.play("hit", x, 6000)
    for block in (1, 64, 441, 1000):
        drum.engine.reset()
        assert np.array_equal(drum.engine.play("hit", x, block), whole)


def test_a_hit_is_the_same_wherever_it_begins(drum):
    first = drum.engine.play("hit", struck(drum, [0]), 512)[0]
    for at in (1, 63, 511, 2500):
        drum.engine.reset()
        made = drum.engine.play("hit", struck(drum, [at]), 512)[0]
        assert not made[:at].any()
        assert np.array_equal(made[at:], first[: LENGTH - at])


def test_the_file_plays_the_same_in_torch(drum):
    loaded, x = torch.jit.load(str(drum.path)), struck(drum, [10, 900], 4096)
    loaded.set_limiter(False)
    with torch.inference_mode():
        due = loaded.hit(x[None])[0].numpy()
    assert relative(drum.engine.play("hit", x.numpy(), 64), due) < CLOSE


def test_what_is_told_at_a_trigger(drum):
    """Velocity, material and axes; an inlet that never said anything is empty."""
    x = struck(drum, [0, 1500, 3000, 4500, 6000, 7500, 9000])
    x[1, 1500:3000], x[1, 3000:4500], x[1, 6000:] = 0.4, 2.0, -1.0  # from 4500 on it says 0
    x[2, 4000:6000], x[2, 7500:9000], x[2, 9000:] = 1.0, 7.0, -1.0
    x[3, 1500:], x[5, 3000:6000], x[4, 7000:] = 0.7, -2.0, 1.0
    made, due = drum.play("hit", x, 512)
    assert relative(made, due) < CLOSE
    drum.reset()  # what has spoken is not forgotten
    made, due = drum.play("hit", struck(drum, [0], 3000), 512)
    assert relative(made, due) < CLOSE


def test_no_axis_goes_further_than_it_may(drum):
    x, found = struck(drum, [0], 2000), []
    for place in (8.0, 100.0, 1.0):
        x[4] = place
        drum.engine.reset()
        found.append(drum.engine.play("hit", x.numpy(), 500))
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])


TURNS = (
    {}, {"velocity": 0.3}, {"material": "thin_metal"}, {"axis1": 1.5}, {"axis3": -2.0},
    {"variation": 0.0}, {"variation": 0.6}, {"seed": 65535.0}, {"seed": 7.0, "gain_db": -12.0},
    {"limiter": 1.0, "gain_db": 12.0}, {"choke": 1.0}, {"choke": 0.0, "polyphony": 1.0},
    {"polyphony": 3.0, "material": "wood"}, {"reset": 1.0}, {"sample_rate": 48_000.0},
    {"velocity": 1.0}, {"sample_rate": OWN_HZ},
)  # fmt: skip


def test_what_is_set_is_heard_from_the_next_hit_on(drum):
    pieces = []
    for turn in TURNS:
        drum.tell(**turn)
        pieces.append(drum.play("hit", struck(drum, [20, 400], 1000), 100))
    for number, (made, due) in enumerate(pieces):
        assert np.abs(made - due).max() < CLOSE * np.abs(due).max(), TURNS[number]


@pytest.mark.parametrize("polyphony", [1, 2, 8])
@pytest.mark.parametrize("rate_hz", [OWN_HZ, 96_000])
def test_more_hits_than_voices(drum, polyphony, rate_hz):
    """The one that was struck first fades, also within the first samples of a part."""
    drum.set(polyphony=polyphony, sample_rate=rate_hz)
    at = torch.arange(0, 9000, 510).tolist()
    made, due = drum.play("hit", struck(drum, at, 10_000), 256)
    assert relative(made, due) < CLOSE
    drum.tell(choke=1.0)
    made, due = drum.play("hit", struck(drum, [5, 600], 2000), 64)
    assert relative(made, due) < CLOSE


def test_triggers_that_bounce_and_stay_up(drum):
    x = struck(drum, [0, 100, 219, 221, 500], 3000)
    x[0, 1000:1600], x[0, 1700:1720], x[0, 2000:2002] = 0.9, 0.5, 0.500001
    made, due = drum.play("hit", x, 50)
    assert relative(made, due) < CLOSE
    alone = drum.engine.play("hit", np.zeros_like(x.numpy()), 50)
    assert alone.any()


def test_hits_by_chance_are_others_each_time(drum):
    x = struck(drum, [0], 4000).numpy()
    found = []
    for free in (1.0, 1.0, 0.0, 0.0):
        drum.engine.set("free", free)
        drum.engine.reset()
        found.append(drum.engine.play("hit", x, 500))
    by_chance, again, first, same = found
    assert np.isfinite(by_chance).all() and not np.array_equal(by_chance, again)
    assert np.array_equal(first, same)
    drum.engine.set("free", 1.0)
    drum.engine.set("variation", 0.0)  # nothing is left to chance
    drum.set(variation=0.0, free=0.0)
    due = drum.engine.play("hit", x, 500)
    drum.engine.set("free", 1.0)
    drum.engine.reset()
    assert np.array_equal(drum.engine.play("hit", x, 500), due)


def test_a_reset_is_silence_and_the_first_hit_again(drum):
    x = struck(drum, [0], 2000).numpy()
    first = drum.engine.play("hit", x, 500)
    for forget in (drum.engine.reset, partial(drum.engine.set, "reset", 1.0)):
        assert not np.array_equal(drum.engine.play("hit", x, 500), first)
        forget()
        assert not drum.engine.play("hit", np.zeros_like(x), 500).any()
        forget()
        assert np.array_equal(drum.engine.play("hit", x, 500), first)


def test_what_is_no_number(drum):
    x = struck(drum, [0, 1000, 2000, 3000], 4000)
    x[0, 500:520], x[0, 600:620], x[0, 2900:2950] = np.nan, np.inf, -np.inf
    x[1:, 900:1100], x[1:, 1900:2100], x[1:, 2900:3100] = np.nan, np.inf, 1e30
    made, due = drum.play("hit", x, 100)
    assert np.isfinite(made).all() and relative(made, due) < CLOSE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("velocity", 1.1), ("velocity", "hard"), ("axis1", 9.0), ("axis9", 0.0), ("seed", -1.0),
        ("material", "gold"), ("polyphony", 9.0), ("polyphony", 1.5), ("sample_rate", 32_000.0),
        ("latency", 1.0), ("gain_db", float("nan")),
    ],
)  # fmt: skip
def test_what_a_control_does_not_take_changes_nothing(drum, name, value):
    before = drum.engine.get(name)
    assert not drum.engine.set(name, value)
    assert drum.engine.get(name) == before


def test_streams_do_not_hear_each_other(engine, drum):
    pair, alone = Player(engine, drum.path, voices=2), Player(engine, drum.path)
    x, other = struck(drum, [30, 800], 2560).numpy(), struck(drum, [0, 400, 900], 2560).numpy()
    due = alone.play("hit", x, 64)
    for start in range(0, 2560, 64):
        part = slice(start, start + 64)
        pair.play("hit", other[:, part], 64, voice=0)
        assert np.array_equal(pair.play("hit", x[:, part], 64, voice=1), due[:, part])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings/hop": 100}, "has frames that no hit is made of"),
        ({"settings/model_n_fft": 500}, "has the shape|frames that no hit"),
        ({"settings/memory": {"type": "GRU"}}, "was expected|no hit"),
        ({"settings/part_frames": 8}, "windows has the shape"),
        ({"settings/part_frames": 85}, "part_frames"),
        ({"settings/part_frames": 2}, "has hits of a length that there is not"),
        ({"settings/frames": 2}, "has hits of a length that there is not"),
        ({"settings/frames": 60000}, "has hits of a length|has the shape"),
        ({"settings/frames": 40}, "has the shape"),
        ({"settings/components": 4}, "has the shape"),
        ({"settings/classes": [3]}, "flow.0.weight has the shape"),
        ({"settings/classes": [1] * 300}, "has more labels than anybody could tell"),
        ({"settings/axes": 3}, "hit has other channels"),
        ({"settings/axes": 6}, "axes"),
        ({"settings/rates": []}, "has a rate at which no hit can be played"),
        ({"settings/rates": [{"rate_hz": OWN_HZ}] * 65}, "has more rates than any host"),
        ({"settings/rates": [{"rate_hz": OWN_HZ}]}, "sample_rate, or a value of it"),
        ({"settings/own_hz": 48_000}, "width was expected"),
        ({"settings/rates/1/stride": 100_000}, "stride"),
        ({"settings/rates/1/made": 17}, "rate1.matrix has the shape"),
        ({"settings/rates/1/rate_hz": 1_400_000}, "has a rate at which no hit can be played"),
        ({"sample_rate_hz": 22_050}, "has a rate at which no hit can be played"),
        ({"methods/hit/out_ratio": 2, "block_samples": 2}, "hit has other channels"),
        ({"controls/1/name": "loudness"}, "has a control loudness"),
        ({"tensors/basis/offset": 10_000_000}, "basis is not as large"),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, drum, tmp_path, change, said):
    path = rewritten(drum.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said) as refused:
        Player(engine, path)
    assert "\n" not in str(refused.value)


def test_nothing_is_allocated_while_playing(engine_folder, both):
    ran(engine_folder, "engine_allocations", both.path)


def test_damaged_files_crash_nothing(engine_folder, both):
    ran(engine_folder, "engine_fuzz", both.path, 60, 1)


def test_what_the_engine_knows_nothing_of_is_said():
    said = PlayableHits(small_hits(), {}).for_engine()
    assert said == "models with a Falling"
