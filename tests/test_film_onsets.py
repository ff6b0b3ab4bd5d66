"""Strikes in films: by motion, by a network that marks or sound have taught, as files of times."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vschaos2.api import compose
from vschaos2.errors import InputError
from vschaos2.events.film_motion import film_onsets, motion_curve
from vschaos2.events.onsets import onsets_of, read_onsets, times_file, write_onsets
from vschaos2.events.options import USUAL
from vschaos2.families.film.augment import Variety, varied
from vschaos2.families.film.batches import marks_of
from vschaos2.families.film.build import build_model
from vschaos2.families.film.marks import heard_onsets
from vschaos2.families.film.material import material
from vschaos2.families.film.net import AHEAD, FilmNet, Seen, seen_either_way
from vschaos2.families.film.objective import StrikeObjective, measured
from vschaos2.families.film.seeing import seen_in_chunks
from vschaos2.families.loading import load_run
from vschaos2.film.peaks import between_points, peaks
from vschaos2.film.write import write_film
from vschaos2.training.objective import Moment

pytest.importorskip("av")
HZ = 22_050
HITS_S = np.array([0.5, 1.0, 1.5])
SMALL = [
    *("model.channels=[4,8]", "model.size=16", "data.loader.batch_size=8"),
    *("data.loader.batches_per_epoch=6", "data.loader.seconds=1", "trainer.accelerator=cpu"),
    *("training.optimiser.average_decay=0.5", "training.optimiser.warmup_steps=2"),
    *("training.optimiser.learning_rate=0.01", "data.dataset.validation_fraction=0.4"),
]


def call(program: str, *words: object) -> None:
    from vschaos2.programs import export, generate, train

    programs = {"train_model.py": train, "generate.py": generate, "script.py": export}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [program, *map(str, words)])
        programs[program].main()


def square(x: float, brightness: int = 210, side: int = 64) -> np.ndarray:
    """A soft-edged square on grey whose middle is at x."""
    picture = np.full((side, side), 60, np.uint8)
    along = (6.0 - np.abs(np.arange(side) - x)).clip(0.0, 1.0)
    picture[side // 2 - 6 : side // 2 + 6] = 60 + ((brightness - 60) * along).astype(np.uint8)
    return picture


def bounced(times_s: np.ndarray) -> list[np.ndarray]:
    """Thrown back at .5 s and at 1 s, stopped at 1.5 s."""
    return [square(np.interp(t, [0, 0.5, 1, 1.5], [10, 34, 10, 34])) for t in times_s]


def write_struck(path: Path, hits_s: np.ndarray, seconds: float, seed: int, sound: bool) -> None:
    """A square that is lit where it is struck: easy to see; with a click at each hit."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(seconds * 15)) / 15
    lit = np.abs(times_s[:, None] - hits_s).min(1) < 0.5 / 15 if len(hits_s) else times_s < 0
    heard = None
    if sound:
        heard = np.zeros(round(seconds * HZ), np.float32)
        t = np.arange(2000) / HZ
        for hit in hits_s:
            part = heard[round(hit * HZ) :][: len(t)]
            part += (0.5 * np.sin(2500 * t) * np.exp(-t / 0.02))[: len(part)].astype(np.float32)
        heard += 1e-4 * rng.standard_normal(len(heard)).astype(np.float32)
    shade = int(rng.integers(80, 120))
    write_film(path, [square(32, 250 if on else shade) for on in lit], times_s, heard, HZ)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """Five films, one of which says no times; a damaged one, and one whose times lie elsewhere."""
    folder = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(1)
    for number in range(5):
        hits_s = np.sort(rng.choice(np.arange(3, 42, 5), 4, replace=False)) / 15
        path = folder / f"{number}.mp4"
        write_struck(path, hits_s, 3.0, number, sound=False)
        if number < 4:
            write_onsets(times_file(path), onsets_of(hits_s))
    (folder / "broken.mp4").write_text("no film")
    write_struck(folder / "led.mp4", np.array([0.5]), 1.0, 9, sound=False)
    (folder / "led.times.csv").symlink_to(tmp_path_factory.mktemp("else") / "secret.csv")
    (folder / "led.times.csv").readlink().write_text("0.5\n")
    return folder


@pytest.fixture(scope="module")
def place(films, tmp_path_factory) -> Path:
    """A run that was stopped after an epoch and went on."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("film")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        words = ["--config-name=onset_video", "name=small", f"data.dataset.root={films}", *SMALL]
        eager = ["callbacks.monitor.first_seconds=0", "callbacks.monitor.share=0.5"]
        call("train_model.py", *words, *eager, "trainer.max_epochs=1")
        call("train_model.py", "resume=runs/small", "trainer.max_epochs=5")
    return place


@pytest.mark.parametrize("rate_hz", [24, 30, 60, None], ids=str)
def test_motion_that_stops_or_turns_is_found_between_pictures(tmp_path, rate_hz):
    times_s = np.arange(0, 2.0, 1 / (rate_hz or 30))
    if rate_hz is None:  # a telephone's, whose pictures come when they can
        times_s = np.cumsum(np.random.default_rng(5).uniform(0.02, 0.05, 60)) - 0.02
        times_s -= times_s[0]
    write_film(tmp_path / "a.mp4", bounced(times_s), times_s, quality=12)
    found = film_onsets(tmp_path / "a.mp4")
    np.testing.assert_allclose(found.times_s, HITS_S, atol=0.015)
    assert (found.strengths > 0.5).all()
    assert len(film_onsets(tmp_path / "a.mp4", min_gap_s=0.6)) == 1
    at_s, values = motion_curve(tmp_path / "a.mp4")
    assert np.diff(at_s) == pytest.approx(1 / 30) and at_s[-1] == pytest.approx(2, abs=0.07)
    assert values.min() == 0.0 and values.max() == 1.0
    assert values[at_s < 1.45].mean() > 0.8 and values[at_s > 1.6].max() < 0.05


def test_noise_a_cut_and_a_camera_are_no_strikes(tmp_path):
    rng = np.random.default_rng(0)
    times_s = np.arange(60) / 30
    grain = [np.uint8(100 + 8 * rng.standard_normal((64, 64)).clip(-9, 9)) for _ in times_s]
    write_film(tmp_path / "still.mp4", grain, times_s, quality=12)
    wall = np.uint8(128 + 100 * rng.random((64, 200)).round())
    wall = wall.repeat(4, 0)[:64].repeat(4, 1)[:, :200]
    cut = [wall[:, :64] if t < 1 else 255 - wall[:, 64:128] for t in times_s]
    write_film(tmp_path / "cut.mp4", cut, times_s, quality=12)
    for name in ("still", "cut"):
        assert len(film_onsets(tmp_path / f"{name}.mp4")) == 0
        assert motion_curve(tmp_path / f"{name}.mp4")[1].max() < 0.1
    write_film(tmp_path / "one.mp4", [square(20)], [0.0])
    assert len(film_onsets(tmp_path / "one.mp4")) == 0
    with pytest.raises(InputError, match="threshold must be a number from 0 to 1"):
        film_onsets(tmp_path / "one.mp4", 1.5)


def test_peaks_are_apart_and_refined():
    curve = np.array([0.0, 0.9, 1.0, 0.6, 0.0, 0.7, 0.7, 0.0, 0.4])
    assert peaks(curve, 0.5, 1).tolist() == [2, 5]
    assert peaks(curve, 0.5, 4).tolist() == [2]
    assert peaks(curve, 0.1, 1).tolist() == [2, 5, 8]
    x = np.arange(9)
    parabola = 1.0 - 0.1 * (x - 3.3) ** 2
    assert between_points(parabola, peaks(parabola, 0.0, 1)) == pytest.approx([3.3])


def test_a_film_marks_itself_by_its_own_sound(tmp_path):
    hits_s = np.array([0.4, 1.0, 1.55])
    write_struck(tmp_path / "a.mp4", hits_s, 2.0, 0, sound=True)
    found = heard_onsets(tmp_path / "a.mp4", HZ, USUAL)
    np.testing.assert_allclose(found.times_s, hits_s, atol=0.012)
    config = compose("onset_video", f"data.dataset.root={tmp_path}", *SMALL)
    data = material(config, build_model(config))
    strikes_s = np.concatenate(
        (
            data.training[0].strikes / 15,
            (data.validation[0].strikes + data.validation[0].first) / 15,
        )
    )  # of a single film, the end is held out
    np.testing.assert_allclose(strikes_s, hits_s, atol=0.012)
    assert data.held_out == ["a.mp4 (1.20 s to its end)"]
    config.data.marks.source = "times"
    with pytest.raises(InputError, match=r"neither sound nor NAME\.times\.csv"):
        material(config, build_model(config))


def test_it_learns_goes_on_and_is_measured(place, films):
    run = load_run(place / "runs" / "small")
    assert run.config.family == "film" and run.summary["step"] == 30
    assert 0.0 <= run.summary["validation/f_50"] <= run.summary["validation/f_100"] <= 1.0
    shown = {path.name for path in (place / "runs/small/version_0/samples").rglob("*.png")}
    assert "strikes.png" in shown
    assert len(list((films / ".vschaos2" / "films").iterdir())) == 4
    call("generate.py", "evaluate", place / "runs/small")
    folder = place / "runs/small/version_0/evaluation"
    found = json.loads((folder / "evaluation.json").read_text())
    assert found["films"] == 2 and found["strikes"] == 8
    assert found["ways"]["network"]["average_precision"] > 0.9
    assert found["ways"]["shuffled"]["average_precision"] < 0.5
    assert (folder / "evaluation.csv").is_file() and "F ±50" in (
        folder / "evaluation.md"
    ).read_text()


def test_times_are_written_for_films(place, films, tmp_path):
    run = place / "runs" / "small"
    call("generate.py", "onsets", films / "0.mp4", "--run", run, "--out", tmp_path)
    found, due = read_onsets(tmp_path / "0.times.csv"), read_onsets(times_file(films / "0.mp4"))
    np.testing.assert_allclose(found.times_s, due.times_s, atol=0.05)
    call("generate.py", "onsets", films / "0.mp4", "--out", tmp_path / "moved")
    moved = read_onsets(tmp_path / "moved/0.times.csv")  # what is lit is larger, for a moment
    np.testing.assert_allclose(moved.times_s, due.times_s, atol=0.05)
    write_struck(tmp_path / "loud.mp4", np.array([0.6]), 1.0, 0, sound=True)
    call("generate.py", "onsets", tmp_path / "loud.mp4", "--sound", "--out", tmp_path)
    assert read_onsets(tmp_path / "loud.times.csv").times_s == pytest.approx([0.6], abs=0.012)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["broken.mp4"], "none of 1 files could be read"),
        (["0.mp4", "--sound"], "none of 1 files could be read"),
        (["0.mp4", "--sound", "--run", "RUN"], "--run sees films, --sound hears them"),
        (["0.mp4", "--run", "nowhere"], "nowhere: no such run folder"),
        (["0.mp4", "--threshold", "2"], "--threshold must be a number from 0.005 to 1"),
        (["0.mp4", "--min-gap", "1"], "--min-gap must be a number from 20 to 2000"),
        (["tone.wav", "--run", "RUN"], "are for films, and none is given"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_line(place, films, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(films)
    (films / "tone.wav").write_text("none")
    words = [str(place / "runs/small") if word == "RUN" else word for word in words]
    with pytest.raises(InputError, match=told) as raised:
        call("generate.py", "onsets", *words, "--out", tmp_path / "out")
    assert "\n" not in str(raised.value) and not (tmp_path / "out").exists()


def test_it_has_no_form_that_a_host_could_play(place):
    with pytest.raises(InputError, match="family 'film', which has no form that a host"):
        call("script.py", place / "runs/small", "-o", place / "out")


@pytest.mark.parametrize("causal", [False, True])
def test_chunks_equal_the_whole_and_the_delay_is_true(causal):
    torch.manual_seed(0)
    model = FilmNet(15, 16, [4, 6, 6, 6], causal).eval()
    assert model.delay_frames == (AHEAD if causal else 5)
    pictures = np.random.default_rng(0).integers(0, 255, (60, 16, 16), dtype=np.uint8)
    with torch.inference_mode():
        whole = seen_either_way(model, torch.from_numpy(pictures)[None].float() / 255.0)
        backwards = seen_either_way(
            model, torch.from_numpy(pictures[:, :, ::-1].copy())[None] / 255.0
        )
        torch.testing.assert_close(whole.logits, backwards.logits)  # a mirror changes nothing
        other = pictures.copy()
        other[40:] = 0
        changed = seen_either_way(model, torch.from_numpy(other)[None].float() / 255.0)
    last = 40 - model.delay_frames  # the first picture that 40 has a part in
    assert torch.equal(whole.logits[0, :last], changed.logits[0, :last])
    assert whole.logits[0, last] != changed.logits[0, last]
    for size in (1, 7, 60, 100):
        chunks = (pictures[n : n + size] for n in range(0, 60, size))
        likely, offsets = (
            np.concatenate(e) for e in zip(*seen_in_chunks(model, chunks), strict=True)
        )
        np.testing.assert_allclose(likely, torch.sigmoid(whole.logits)[0], atol=1e-5)
        np.testing.assert_allclose(offsets, whole.offsets[0], atol=1e-5)


def test_batches_are_what_seed_epoch_and_number_say(films):
    config = compose("onset_video", f"data.dataset.root={films}", *SMALL)
    data = material(config, build_model(config))
    assert len(data.training) == 2 and len(data.held_out) == 2
    batches = data.train_dataloader().batches  # type: ignore[attr-defined]
    batches.set_position(1, 3)
    late = next(iter(batches))
    again = material(config, build_model(config)).train_dataloader().batches  # type: ignore
    again.set_position(1)
    whole = list(again)
    assert len(whole) == 6
    for key in late:
        assert torch.equal(late[key], whole[3][key])
    struck = late["strikes"].bool()
    assert struck.any() and (late["offsets"][struck].abs() <= 0.5).all()


def test_marks_lie_at_the_nearest_picture():
    strikes, offsets = marks_of(np.array([-0.4, 2.75, 7.6]), 8)
    assert np.flatnonzero(strikes).tolist() == [0, 3]
    np.testing.assert_allclose(offsets[[0, 3]], [-0.4, -0.25])
    strikes, offsets = marks_of(np.zeros(0), 3)
    assert not strikes.any()


def test_scores_of_what_is_known_exactly():
    strikes = torch.zeros(4, 30)
    strikes[:, [5, 20]] = 1.0
    batch = {"strikes": strikes, "offsets": 0.25 * strikes, "known": torch.ones(4, 30)}
    right = measured(Seen(20 * strikes - 10, batch["offsets"]), batch, 15.0)
    assert right.average_precision == 1.0 and right.right_counts == 4
    assert right.agreement(0.001).f_measure == 1.0
    late = measured(Seen(20 * strikes.roll(1, 1) - 10, batch["offsets"]), batch, 15.0)
    assert late.average_precision < 0.2
    assert (late.agreement(0.04).f_measure, late.agreement(0.1).f_measure) == (0.0, 1.0)  # by 50 ms
    model = FilmNet(15, 16, [4], False)
    objective = StrikeObjective(model, 4.0, 1.0, Variety(0.5, 0.1, 0.1, 0.3, 0.1))
    pictures = torch.randint(0, 255, (4, 30, 16, 16), dtype=torch.uint8)
    losses = objective.loss({**batch, "pictures": pictures}, Moment(0, 0))
    losses.total.backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_variety_mirrors_and_keeps_what_it_is_told_to_keep():
    pictures = torch.rand(3, 5, 16, 16)
    nothing = Variety(0.0, 0.0, 0.0, 0.0, 0.0)
    torch.testing.assert_close(varied(pictures, nothing), pictures)
    mirrored = varied(pictures, nothing._replace(mirror=1.0))
    torch.testing.assert_close(mirrored, pictures.flip(3), atol=1e-5, rtol=0)
    other = varied(pictures, Variety(0.5, 0.2, 0.1, 0.3, 0.1))
    assert other.shape == pictures.shape and not torch.equal(other, pictures)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.size=4"], "model.size must be a whole number from 8"),
        (["model.channels=[]"], "one to eight numbers"),
        (["model.rate_hz=0.5"], "model.rate_hz must be a number from 1 to 240"),
        (["data.marks.source=time"], "did you mean 'times'"),
        (["data.marks.threshold=2"], "--threshold must be a number"),
        (["data.marks.least_strength=2"], "least_strength must be from 0 to 1"),
        (["data.loader.speeds=[2,1]"], "must rise"),
        (["data.loader.seconds=0"], "data.loader.seconds must be a number from 0.5"),
        (["training.variety.zoom=2"], "training.variety.zoom must be a number from 0 to 0.5"),
        (["training.strike_weight=0"], "training.strike_weight must be a number"),
        (["data.dataset.root=nowhere"], "nowhere"),
        (["data.marks.least_strength=1", "data.marks.source=sound"], "neither sound nor"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_in_a_line(films, words, told, monkeypatch):
    from vschaos2.families.film.learning import objective

    monkeypatch.chdir(films)
    with pytest.raises(InputError) as raised:
        config = compose("onset_video", f"data.dataset.root={films}", *SMALL, *words)
        model = build_model(config)
        objective(config, model)
        material(config, model)
    assert told in str(raised.value) and "\n" not in str(raised.value)
