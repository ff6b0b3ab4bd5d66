"""Streams go on where they ended, held-out passages are never trained on, knobs stand in line."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vschaos2.data.pair_batches import PairReader, PassageBatches, StreamBatches
from vschaos2.data.pair_module import PairDataModule
from vschaos2.data.pair_split import Part, split_takes
from vschaos2.data.stretches import Stretch
from vschaos2.data.takes import KNOB_HOP, Take
from vschaos2.errors import InputError

LENGTH = 6400


def ramp_take(name: str, first: float, knobs: np.ndarray | None = None) -> Take:
    """Every sample says where it is: dry n + first, wet -(n + first)."""
    dry = (np.arange(LENGTH) + first).astype(np.float32)[None]
    return Take(name, name, dry, -dry, np.zeros((0, 1), np.float32) if knobs is None else knobs)


@pytest.fixture
def reader() -> PairReader:
    takes = [ramp_take("a", 1.0), ramp_take("b", 100_001.0)]
    return PairReader(takes, {"esr": np.array([1.0, 2.0])})


def whole(*takes: int) -> list[Part]:
    return [Part(take, Stretch(0, LENGTH)) for take in takes]


def streams(reader: PairReader, parts, **others) -> StreamBatches:
    sizes = {"batch_size": 4, "window_samples": 50, "windows_per_stream": 6, "warm_up": 30}
    return StreamBatches(reader, parts, **{**sizes, "batches_per_epoch": 12, "seed": 3, **others})


def test_a_stream_goes_on_where_it_ended_behind_a_warm_up(reader):
    batches = list(streams(reader, whole(0, 1)))
    assert [batch["begins"] for batch in batches] == 2 * [True, *5 * [False]]
    for first in (0, 6):
        assert batches[first]["warm_up"] == 30
        joined = torch.cat([batch["dry"] for batch in batches[first : first + 6]], 1)[:, :, 0]
        assert list(joined.shape) == [4, 330]
        steps = joined[:, 1:] - joined[:, :-1]
        assert bool((steps[joined[:, :-1] > 0] == 1).all())  # 0 is the silence before a take
        wet = torch.cat([batch["wet"] for batch in batches[first : first + 6]], 1)[:, :, 0]
        assert torch.equal(wet, -joined)
    # A row keeps its take, and its take's power.
    assert torch.equal(batches[0]["powers"]["esr"] == 2.0, batches[0]["dry"][:, -1, 0] > 50_000)
    assert not torch.equal(batches[0]["dry"], batches[6]["dry"])


def test_an_epoch_goes_on_from_any_batch(reader):
    wanted = list(streams(reader, whole(0, 1)))
    resumed = streams(reader, whole(0, 1))
    resumed.set_position(0, 8)
    for batch, due in zip(resumed, wanted[8:], strict=True):
        assert torch.equal(batch["dry"], due["dry"])


def test_streams_stay_within_their_part(reader):
    parts = [Part(0, Stretch(1000, 2000))]
    drawn = streams(reader, parts, batch_size=64, batches_per_epoch=120)
    values = torch.cat([batch["dry"].flatten() for batch in drawn]) - 1.0
    assert (float(values.min()), float(values.max())) == (1000.0, 1999.0)


def test_the_silence_before_a_take_may_be_a_warm_up(reader):
    drawn = streams(reader, whole(0), batch_size=256, batches_per_epoch=600)
    begins = torch.cat([batch["dry"][:, :30, 0] for batch in drawn if batch["begins"]])
    silent = begins == 0.0
    assert bool(silent[:, 0].any()) and not bool(silent.all(1).all())


def test_takes_too_short_for_a_stream_are_refused(reader):
    with pytest.raises(InputError, match=r"shorter than 6480 samples.*windows_per_stream"):
        streams(reader, whole(0), windows_per_stream=129, batches_per_epoch=129)
    with pytest.raises(InputError, match=r"batches_per_epoch must be a multiple"):
        streams(reader, whole(0), batches_per_epoch=13)


def test_passages_are_spread_and_end_within_their_part(reader):
    parts = [Part(0, Stretch(4000, 6400)), Part(1, Stretch(4000, 6400))]
    found = list(PassageBatches(reader, parts, 4, 500, 6, 100))
    assert [len(batch["dry"]) for batch in found] == [4, 2]
    firsts = torch.cat([batch["dry"][:, 100, 0] for batch in found]).tolist()
    assert firsts == [4001.0, 4501.0, 5501.0, 104_001.0, 105_001.0, 105_501.0]
    assert all(batch["dry"].shape[1] == 600 for batch in found)


def test_a_knob_that_moves_is_read_where_the_sound_is():
    moving = np.arange(LENGTH // KNOB_HOP, dtype=np.float32)[None]
    take = ramp_take("a", 0.0, moving)
    dry, _, knobs = take.window(100, 300)
    np.testing.assert_array_equal(knobs[:, 0], dry[:, 0] // KNOB_HOP)
    _, _, before = take.window(-10, 20)
    np.testing.assert_array_equal(before[:, 0], 0.0)


def test_one_dry_recording_holds_out_its_last_stretch_behind_a_gap():
    split = split_takes(["riff", "riff"], [1000, 1200], 0.1, 0, 50)
    assert split.training == [Part(0, Stretch(0, 850)), Part(1, Stretch(0, 1030))]
    assert split.held_out == [Part(0, Stretch(900, 1000)), Part(1, Stretch(1080, 1200))]


def test_of_many_dry_recordings_all_that_one_played_is_held_out():
    dry = ["a", "a", "b", "c", "d", "d", "e"]
    split = split_takes(dry, [100] * 7, 0.2, 0, 10)
    names = {dry[part.take] for part in split.held_out}
    assert len(names) == 1
    assert names.isdisjoint(dry[part.take] for part in split.training)
    assert len(split.held_out) + len(split.training) == 7
    chosen = {
        dry[split_takes(dry, [100] * 7, 0.2, seed, 10).held_out[0].take] for seed in range(20)
    }
    assert len(chosen) > 2


def module(*takes: Take, **others) -> PairDataModule:
    sizes = {
        "validation_fraction": 0.2, "batch_size": 4, "batches_per_epoch": 12,
        "window_samples": 50, "windows_per_stream": 6, "validation_windows": 4,
        "validation_seconds": 0.05, "warm_up": 30, "seed": 0,
    }  # fmt: skip
    return PairDataModule(Path("pairs"), list(takes), 8000, **{**sizes, **others})


def test_held_out_stretches_are_named_and_never_drawn():
    data = module(ramp_take("a", 1.0))
    assert data.held_out == ["a (0.640-0.800 s)"]
    drawn = torch.cat([batch["dry"].flatten() for batch in data.train_dataloader()])
    passages = [batch["dry"][:, 30:].flatten() for batch in data.val_dataloader()]
    assert float(drawn.max()) < float(torch.cat(passages).min()) - 30


def test_silence_at_the_end_is_not_held_out():
    take = ramp_take("a", 1.0)
    take.dry[:, 4000:], take.wet[:, 4000:] = 0.0, 0.0
    assert module(take).held_out == ["a (0.400-0.500 s)"]


def test_powers_are_those_of_the_whole_take():
    rng = np.random.default_rng(0)
    dry = rng.standard_normal((1, 8000)).astype(np.float32)
    data = module(Take("a", "a", dry, 0.5 * dry, np.zeros((0, 1), np.float32)))
    powers = next(iter(data.train_dataloader()))["powers"]
    assert float(powers["esr"][0]) == pytest.approx(0.25 * float(np.square(dry).mean()), rel=1e-5)
    due = 0.25 * float(np.square(dry[0, 1:] - 0.95 * dry[0, :-1]).mean())
    assert float(powers["esr_pre_emphasised"][0]) == pytest.approx(due, rel=1e-2)


def test_a_silent_wet_recording_is_refused():
    take = ramp_take("quiet", 0.0)
    take.wet[:] = 0.0
    with pytest.raises(InputError, match=r"quiet is silent"):
        module(take)
