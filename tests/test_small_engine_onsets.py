"""The exported detector in the small engine, held against torch; and files that it refuses."""

from functools import partial

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from small_engine import Player, RefusedError, is_buildable, labels_of, ran

from vschaos2.dsp.host_rate import HOST_RATES_HZ
from vschaos2.export.for_engine import card_lines
from vschaos2.export.nn_tilde import get_attribute
from vschaos2.recognition.playable_onsets import PlayableOnsets

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
RATE = 44_100
USUAL = {
    "threshold": 0.05, "notes": 0.0, "likelihood": 0.75, "min_gap_ms": 20.0, "sample_rate": RATE,
}  # fmt: skip


@pytest.fixture(scope="module")
def both(engine, tmp_path_factory) -> Both:
    return Both(engine, tmp_path_factory.mktemp("onsets") / "detector.ts", PlayableOnsets(RATE))


@pytest.fixture
def ear(both) -> Both:
    both.set(**USUAL)
    return both


def strokes(seconds: float, seed: int = 1, rate_hz: int = RATE) -> torch.Tensor:
    """Noise that is struck again and again, on soft noise: [1, T]."""
    generator = torch.Generator().manual_seed(seed)
    return PlayableOnsets(rate_hz).example("detect", round(seconds * rate_hz), generator)[0]


def notes(seconds: float, rate_hz: int = RATE) -> torch.Tensor:
    """Tones that follow each other and are hardly louder than what rings: [1, T]."""
    time = torch.arange(round(seconds * rate_hz)) / rate_hz
    made = 1e-3 * torch.randn(len(time), generator=torch.Generator().manual_seed(3))
    for number, hz in enumerate((220.0, 277.2, 329.6, 440.0, 392.0, 330.0, 262.0)):
        since = (time - 0.11 - 0.13 * number).clamp_min(0.0)
        rise = (since / 0.02).clamp_max(1.0) * torch.exp(-since / 0.2)
        tone = sum(torch.sin(2 * torch.pi * hz * k * since) / k for k in (1, 2, 3, 4))
        made = made + 0.15 * rise * tone
    return made[None]


def agree(made: np.ndarray, due: np.ndarray, least: int) -> None:
    """The same onsets at the same samples, as strong."""
    assert np.count_nonzero(due) >= least
    assert np.array_equal(np.flatnonzero(made[0]), np.flatnonzero(due[0]))
    assert np.abs(made - due).max() < 1e-5


def test_it_is_the_same_detector(ear):
    assert list(ear.engine.methods) == ["detect"]
    for outlets in (False, True):
        side = "output" if outlets else "input"
        due = getattr(ear.torch, f"detect_{side}_labels")
        assert labels_of(ear.engine, "detect", outlets) == due
    assert ear.engine.controls == ear.torch.attribute_names
    for name in ear.engine.controls:
        assert ear.engine.get(name) == get_attribute(ear.torch, name), name
    assert [ear.engine.delay("detect")] == ear.torch.get_delay()
    assert card_lines(ear.content) == {"engine": {"plays": ["detect"]}}


@pytest.mark.parametrize("by_net", [0.0, 1.0])
@pytest.mark.parametrize("rate_hz", HOST_RATES_HZ)
def test_it_hears_what_torch_hears(ear, rate_hz, by_net):
    ear.set(sample_rate=rate_hz, notes=by_net)
    assert [ear.engine.delay("detect")] == ear.engine.get("delay") == ear.torch.get_delay()
    agree(*ear.play("detect", strokes(1.0, 1, rate_hz), 512), least=10)
    ear.reset()
    agree(*ear.play("detect", notes(1.0, rate_hz), 512), least=3)


@pytest.mark.parametrize("by_net", [0.0, 1.0])
def test_blocks_are_the_whole_bit_for_bit(ear, by_net):
    ear.engine.set("notes", by_net)
    x = strokes(0.5).numpy()
    whole = ear.engine.play("detect", x, x.shape[1])
    assert np.count_nonzero(whole) >= 5
    for block in (1, 64, 441, 2048):
        ear.engine.reset()
        assert np.array_equal(ear.engine.play("detect", x, block), whole)


def test_what_is_set_is_heard(ear):
    """From where it is set on; other ears and rates listen anew."""
    turns = (
        {"threshold": 0.4}, {"min_gap_ms": 200.0}, {"threshold": 0.01, "min_gap_ms": 20.0},
        {"notes": 1.0}, {"likelihood": 0.2}, {"likelihood": 0.99}, {"notes": 0.0},
        {"sample_rate": 48_000}, {"sample_rate": RATE}, {"reset": 1.0},
    )  # fmt: skip
    counts = []
    for turn, part in zip(turns, strokes(4.0, 2).split(17_640, 1), strict=True):
        ear.tell(**turn)
        made, due = ear.play("detect", part, 300)
        agree(made, due, least=0)
        counts.append(np.count_nonzero(due))
    assert counts[2] > counts[1] > 0 and max(counts) > min(counts)


def test_nothing_and_what_is_no_sound(ear):
    assert not ear.engine.play("detect", np.zeros((1, 20_000), np.float32), 500).any()
    x = strokes(0.6, 4)
    x[0, 3000:3010], x[0, 9000:9100], x[0, 15_000], x[0, 20_000] = np.nan, np.inf, 1e30, -1e30
    ear.reset()
    agree(*ear.play("detect", x, 64), least=3)


def test_a_reset_forgets(ear):
    x = strokes(0.4).numpy()
    first = ear.engine.play("detect", x, 64)
    for forget in (ear.engine.reset, partial(ear.engine.set, "reset", 1.0)):
        ear.engine.play("detect", 100.0 * x, 64)  # against which the rest is soft
        assert not np.array_equal(ear.engine.play("detect", x, 64), first)
        forget()
        assert np.array_equal(ear.engine.play("detect", x, 64), first)


def test_voices_do_not_hear_each_other(engine, ear):
    pair, alone = Player(engine, ear.path, voices=2), Player(engine, ear.path)
    x, other = strokes(0.4, 5).numpy(), strokes(0.4, 6).numpy()
    due, made = alone.play("detect", x, 64), []
    for start in range(0, x.shape[1], 64):
        part = slice(start, start + 64)
        pair.play("detect", other[:, part], 64, voice=0)
        made.append(pair.play("detect", x[:, part], 64, voice=1))
    assert np.array_equal(np.concatenate(made, 1), due) and due.any()


def test_the_file_plays_the_same_in_torch(ear):
    loaded, x = torch.jit.load(str(ear.path)), strokes(0.3)
    loaded.set_min_gap_ms(20.0)
    with torch.inference_mode():
        agree(ear.engine.play("detect", x.numpy(), 64), loaded.detect(x[None])[0].numpy(), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", 0.001), ("threshold", "low"), ("min_gap_ms", 10.0), ("delay", 1.0),
        ("sample_rate", 32_000.0), ("likelihood", float("nan")), ("nothing", 1.0),
    ],
)  # fmt: skip
def test_what_a_control_does_not_take_changes_nothing(ear, name, value):
    before = ear.engine.get(name)
    assert not ear.engine.set(name, value)
    assert ear.engine.get(name) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings/rates": []}, "has a rate at which nothing is heard"),
        ({"sample_rate_hz": 22_050}, "has a rate at which nothing is heard"),
        ({"settings/rates/1/rate_hz": 32_000}, "has a control sample_rate, or a value of it"),
        ({"settings/rates/0/hop": 0}, "hop"),
        ({"settings/rates/0/n_fft": 2000}, "has frames of a length that there is not"),
        ({"settings/rates/0/n_fft": 1024}, "window"),
        ({"settings/rates/0/window": 1700}, "rate0.window has the shape"),
        ({"settings/rates/0/bands": 3}, "rate0.bands has the shape"),
        ({"settings/rates/0/delay": 700}, "delay"),
        ({"settings/rates/0/peak": 31}, "peak"),
        ({"settings/rates/0/after": 0}, "after"),
        ({"tensors/net.1.weight/shape": [40, 200]}, "net.1.weight has the shape"),
        ({"methods/detect/outlets": 2}, "detect has other channels"),
        ({"controls/0/name": "bound"}, "has a control bound"),
    ],
)
def test_files_that_are_not_what_they_should_be(engine, ear, tmp_path, change, said):
    path = rewritten(ear.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said) as refused:
        Player(engine, path)
    assert "\n" not in str(refused.value)


def test_nothing_is_allocated_while_playing(engine_folder, both):
    ran(engine_folder, "engine_allocations", both.path)


def test_damaged_files_crash_nothing(engine_folder, both):
    ran(engine_folder, "engine_fuzz", both.path, 40, 1)
