"""Hits laid on events: files, films, sounds; what is edited is rendered again."""

import numpy as np
import pytest
import soundfile
import torch
from conftest import seeded_model
from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.events.onsets import onsets_of, read_onsets, write_onsets
from vschaos2.families.foley.hit_model import HitModel
from vschaos2.flows.vector_flow import VectorFlow
from vschaos2.generation.foley import foley, texture
from vschaos2.generation.foley_guide import Guide, check_guide
from vschaos2.generation.hit_plan import HitOptions, hit_plan
from vschaos2.runs.folder import Run

RATE_HZ = 44_100
CLASSES = {"material": ("metal", "wood"), "size": ("big", "small")}


@pytest.fixture(scope="module")
def model() -> HitModel:
    """Hits of no training: chance weights, which decode to some noise that falls."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        flow = VectorFlow(7, 5, hidden_dims=16)
        made = HitModel(seeded_model(), CLASSES, 40, 6, flow)
        made.basis.copy_(torch.randn(made.basis.shape) * 0.3)
        made.mean.copy_(torch.randn(made.mean.shape) * 0.3)
        made.level.copy_(torch.tensor([-20.0, 30.0, 0.1, 1.0]))
    return made.eval().requires_grad_(False)


@pytest.fixture
def run(model, tmp_path) -> Run:
    folder = tmp_path / "runs" / "struck" / "version_0"
    return Run(folder, OmegaConf.create({"family": "foley"}), model, None, {})


@pytest.fixture
def times(tmp_path):
    path = tmp_path / "door.times.csv"
    write_onsets(path, onsets_of([0.1, 0.5, 0.5137], [1.0, 0.5, 0.25]))
    return path


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.square(sound).mean()))


def test_every_hit_is_on_its_sample(run, times, tmp_path):
    sound_path, times_path = foley(run, tmp_path, Guide(events=times), HitOptions())
    assert (sound_path, times_path) == (
        tmp_path / "foley" / "door.wav",
        tmp_path / "foley" / "door.times.csv",
    )
    sound, rate_hz = soundfile.read(sound_path)
    assert rate_hz == RATE_HZ
    plan = hit_plan(run.model, read_onsets(times), HitOptions())
    due = np.zeros(len(sound))
    for row, time_s in enumerate((0.1, 0.5, 0.5137)):
        numbers = {name: torch.tensor([-1]) for name in CLASSES}
        noise, velocity = torch.from_numpy(plan.noise[row : row + 1]), plan.velocity[row]
        hits = run.model.draw(numbers, torch.tensor([velocity]).float(), noise)
        (hit,) = run.model.sound(hits).numpy()
        first = round(time_s * RATE_HZ)
        due[first : first + len(hit)] += hit
    assert len(sound) == round(0.5137 * RATE_HZ) + run.model.samples  # the last one rings out
    gain = 0.98 / max(np.abs(due).max(), 0.98)
    assert np.allclose(sound[:-441], gain * due[:-441], atol=1e-4)
    assert not sound[: round(0.1 * RATE_HZ)].any()


def test_what_was_written_is_rendered_again_and_an_edit_changes_only_its_hit(run, times, tmp_path):
    options = HitOptions({"material": "wood"}, seed=3)
    write_onsets(times, onsets_of([0.1, 0.5, 0.5137], [0.99951, 0.5, 0.25]))
    first, written = foley(run, tmp_path / "a", Guide(events=times), options)
    again, _ = foley(run, tmp_path / "b", Guide(events=written), HitOptions(seed=3))
    assert np.array_equal(soundfile.read(first)[0], soundfile.read(again)[0])
    table = read_onsets(written)
    assert table.labels["material"] == ["wood"] * 3
    assert table.labels["velocity"] == ["1.000", "0.500", "0.250"]
    lines = written.read_text().splitlines()
    inserted = lines[1].replace("0.100000", "0.300000").rsplit(",", 1)[0] + ","  # no draw
    edited = tmp_path / "edited.times.csv"
    edited.write_text("\n".join([*lines, inserted]) + "\n")
    plan = hit_plan(run.model, read_onsets(edited), HitOptions(seed=3))
    before = hit_plan(run.model, table, HitOptions(seed=3))
    assert plan.times_s.tolist() == [0.1, 0.3, 0.5, 0.5137]
    assert np.array_equal(plan.noise[[0, 2, 3]], before.noise)
    assert plan.events.labels["draw"] == ["0", "3", "1", "2"]


def test_a_label_of_any_letters_is_read_from_a_file(run, times, model, monkeypatch):
    monkeypatch.setattr(model, "labels", {"Material": ("metal", "wood"), "size": ("big", "small")})
    plan = hit_plan(model, read_onsets(times), HitOptions({"Material": "wood"}))
    write_onsets(times, plan.events)
    again = hit_plan(model, read_onsets(times), HitOptions())
    assert again.classes["Material"].tolist() == [1, 1, 1]
    assert [*again.events.labels] == ["velocity", "Material", "size", "draw"]


def test_moments_far_too_late_are_refused_at_once(run, times, tmp_path):
    times.write_text("seconds\n0.5\n100000000\n")
    with pytest.raises(InputError, match=r"door.times.csv: asks for 1e\+08 s of sound"):
        foley(run, tmp_path, Guide(events=times), HitOptions())
    assert not (tmp_path / "foley").exists()


def test_hits_outside_of_the_sound_are_told(run, times, tmp_path, caplog):
    foley(run, tmp_path, Guide(events=times), HitOptions())
    assert not caplog.records or "not heard" not in caplog.text
    foley(run, tmp_path / "early", Guide(events=times), HitOptions(), offset_ms=-101.0)
    assert "1 of 3 hits strike before the sound begins or after it ends" in caplog.text


def test_velocity_and_variation(run, times, model):
    events = read_onsets(times)
    assert hit_plan(model, events, HitOptions()).velocity.tolist() == [1.0, 0.5, 0.25]
    assert hit_plan(model, events, HitOptions(velocity=0.7)).velocity.tolist() == [0.7] * 3
    same = hit_plan(model, events, HitOptions(variation=0.0)).noise
    assert np.array_equal(same[0], same[1])
    like = torch.full((model.noise_dims,), 0.25)
    assert np.allclose(hit_plan(model, events, HitOptions(like=like, variation=0.0)).noise, 0.25)
    some = hit_plan(model, events, HitOptions(like=like)).noise  # .3 of it is another
    assert 0.0 < np.abs(some - 0.25 * (1 - 0.3**2) ** 0.5).max() < 0.3 * 5
    other = hit_plan(model, events, HitOptions(seed=1)).noise
    assert not np.array_equal(other, hit_plan(model, events, HitOptions()).noise)


@pytest.mark.parametrize(
    ("column", "word", "said"),
    [
        ("material", "glass", "material 'glass' of the event at 0.100 s is none that the hits"),
        ("velocity", "loud", "velocity of the event at 0.100 s must be a number from 0 to 1"),
        ("velocity", "1.5", "must be a number from 0 to 1, got '1.5'"),
        ("draw", "-3", "draw of the event at 0.100 s must be a number from 0"),
    ],
)
def test_columns_that_cannot_be_are_named(model, column, word, said):
    events = onsets_of([0.1], labels={column: [word]})
    with pytest.raises(InputError) as raised:
        hit_plan(model, events, HitOptions())
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_options_that_cannot_be(model, times, run, tmp_path):
    events = read_onsets(times)
    for options, said in (
        (HitOptions({"colour": "red"}), "no label 'colour'"),
        (HitOptions({"material": "glass"}), "no 'glass'"),
        (HitOptions(variation=2.0), "--variation"),
        (HitOptions(velocity=-1.0), "--velocity"),
        (HitOptions(seed=-1), "--seed"),
    ):
        with pytest.raises(InputError, match=said):
            hit_plan(model, events, options)
    with pytest.raises(InputError, match="--mux writes a film"):
        foley(run, tmp_path, Guide(events=times), HitOptions(), mux=True)
    write_onsets(times, onsets_of([]))
    with pytest.raises(InputError, match="has no events: write a moment"):
        foley(run, tmp_path, Guide(events=times), HitOptions())
    soundfile.write(tmp_path / "silent.wav", np.zeros(4000), RATE_HZ)
    with pytest.raises(InputError, match="has no events: lower --threshold"):
        foley(run, tmp_path, Guide(audio=tmp_path / "silent.wav"), HitOptions())
    with pytest.raises(InputError, match="--seed must be a whole number"):
        texture(run, tmp_path, Guide(audio=tmp_path / "silent.wav"), seed=-1)
    assert not (tmp_path / "foley").exists()


def test_edited_times_are_not_written_over(run, times, tmp_path):
    foley(run, tmp_path, Guide(events=times), HitOptions())
    kept = tmp_path / "foley" / "door.times.csv"
    with pytest.raises(InputError, match="is there already, and may have been edited"):
        foley(run, tmp_path, Guide(events=times), HitOptions())
    foley(run, tmp_path, Guide(events=kept), HitOptions())  # it is what is rendered
    foley(run, tmp_path, Guide(events=times), HitOptions(), overwrite=True)


def test_what_is_read_is_not_written_over(run, times, tmp_path):
    (tmp_path / "foley").mkdir()
    example = tmp_path / "foley" / "door.wav"
    soundfile.write(example, np.ones(100), RATE_HZ)
    with pytest.raises(InputError, match="written over itself"):
        foley(run, tmp_path, Guide(events=times), HitOptions(), spared=(example,))
    assert len(soundfile.read(example)[0]) == 100


def test_a_sound_tells_when_and_how_hard(run, tmp_path):
    guide = tmp_path / "claps.wav"
    sound = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE_HZ)
    knock = np.random.default_rng(1).standard_normal(2000) * np.exp(-np.arange(2000) / 300)
    for at, level in ((20_000, 0.8), (50_000, 0.1)):
        sound[at : at + 2000] += level * knock / np.abs(knock).max()
    soundfile.write(guide, sound, RATE_HZ)
    _, written = foley(run, tmp_path, Guide(audio=guide), HitOptions(), offset_ms=5.0)
    found = read_onsets(written)
    assert np.allclose(found.times_s * RATE_HZ, [20_000, 50_000], atol=100)
    assert found.strengths[0] > found.strengths[1]
    made = soundfile.read(tmp_path / "foley" / "claps.wav")[0]
    first = round((found.times_s[0] + 0.005) * RATE_HZ)
    assert not made[:first].any() and made[first : first + 200].any()
    assert len(made) >= 2 * RATE_HZ


def test_one_guide_is_given(tmp_path, times):
    for guide, said in (
        (Guide(), "no guide"),
        (Guide(audio=times, film=times), "both given"),
        (Guide(events=tmp_path / "none.csv"), "no such file"),
        (Guide(audio=tmp_path), "is a folder: give one file"),
        (Guide(film=times), "is no film"),
        (Guide(events=times, threshold=0.5), "--threshold finds events, and --onsets tells them"),
        (Guide(events=times, min_gap_ms=50.0), "--min-gap finds events, and --onsets tells them"),
    ):
        with pytest.raises(InputError, match=said):
            check_guide(guide)
