import csv
import logging
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hydra import compose, initialize_config_dir
from matplotlib.figure import Figure
from resumed_trainings import TWO_STEPS
from sklearn.metrics import confusion_matrix
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vschaos2.errors import InputError
from vschaos2.families.train import train
from vschaos2.families.vae import reports
from vschaos2.families.vae.rendering import hold, loudest_point, pass_through, play, sweep
from vschaos2.families.vae.usage import confusion, latent_usage
from vschaos2.generation import offline_core, reconstruct
from vschaos2.monitor import watching
from vschaos2.monitor.budget import Budget
from vschaos2.monitor.curves import read_curves
from vschaos2.monitor.excerpts import loudest_start
from vschaos2.monitor.spectrogram import FLOOR_DB, edges_hz, levels_db
from vschaos2.monitor.store import Report, forget_reports, pixels, thin_out, write_report
from vschaos2.monitor.watching import MonitorOptions, listening_copy
from vschaos2.runs.checkpoints import read_checkpoint

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
RATE_HZ = 44_100
NO_LABELS = np.zeros((0, 170), np.float32)


def tone(seconds: float, f0_hz: float = 220.0) -> np.ndarray:
    """A harmonic tone that decays, [T] float32."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    partials = sum(np.sin(2 * np.pi * f0_hz * h * t) / h for h in range(1, 8))
    return (0.2 * np.exp(-3 * t) * partials).astype(np.float32)


# --- when ---


def simulate(budget: Budget, total: float, costs: dict[str, float]) -> list[tuple[float, str]]:
    """A training of steps of 50 ms, whose reports cost what they cost: (time, kind) of each."""
    made, now = [], 0.0
    while now < total:
        now += 0.05
        kind = budget.due(list(costs), now)
        if kind is not None:
            made.append((now, kind))
            budget.book(kind, now, costs[kind])
            now += costs[kind]
    return made


@pytest.mark.parametrize("total", [300.0, 1800.0])
def test_reports_stay_within_their_share_of_the_time(total: float):
    costs = {"sounds": 2.0, "curves": 0.3, "latents": 0.5}
    budget = Budget(share=0.03, first_seconds=20.0)
    made = simulate(budget, total, costs)
    assert made[0] == (pytest.approx(20.0, abs=0.06), "sounds")
    assert {kind for _, kind in made} == set(costs)
    assert budget.spent <= 0.03 * 2 / 3 * total
    for kind in budget.due_at_end(list(costs), total):
        budget.book(kind, total, costs[kind])
    assert budget.spent <= 0.03 * total


def test_a_night_brings_tens_of_reports_not_thousands():
    budget = Budget(share=0.03, first_seconds=20.0)
    costs = {"sounds": 2.0, "curves": 0.3}
    now, count = 0.0, 0
    while now < 12 * 3600:
        now += 1.0
        kind = budget.due(list(costs), now)
        if kind is not None:
            count += 1
            budget.book(kind, now, costs[kind])
    # Two kinds, times that grow by at least a quarter each from 20 s to 43,200 s.
    assert 40 < count <= 2 * (1 + math.log(43_200 / 20) / math.log(1.25))


def test_what_a_report_costs_delays_it():
    budget = Budget(share=0.01, first_seconds=10.0)
    budget.book("sounds", 10.0, 1.0)
    # 1 s is paid for by 150 s at two thirds of 1 %; 1 + 1 s by 300 s.
    assert budget.due(["sounds", "curves"], 149.9) is None
    assert budget.due(["sounds", "curves"], 150.1) == "curves"
    assert budget.due(["sounds"], 299.9) is None
    assert budget.due(["sounds"], 300.1) == "sounds"


def test_a_training_without_a_report_has_none_at_its_end():
    assert Budget(0.03, 20.0).due_at_end(["sounds"], 5.0) == []


def test_the_end_spends_what_is_left_and_guesses_high():
    budget = Budget(share=0.03, first_seconds=20.0)
    budget.book("sounds", 20.0, 2.0)
    budget.book("curves", 150.0, 0.5)
    # 6 s of 200 s: 2.5 are spent, and 2 + 0.5 more leave no 2 s for what was never made.
    assert budget.due_at_end(["sounds", "curves", "prior"], 200.0) == ["sounds", "curves"]
    assert budget.due_at_end(["sounds", "curves", "prior"], 234.0) == ["sounds", "curves", "prior"]


def test_the_account_survives_a_checkpoint():
    budget = Budget(0.03, 20.0)
    budget.book("sounds", 25.0, 2.0)
    again = Budget(0.03, 20.0)
    again.restore(budget.state())
    assert again == budget


# --- what is played ---


@pytest.mark.parametrize("length, step", [(10, 1), (16, 4), (50, 8)])
def test_the_loudest_part_is_found(length: int, step: int):
    sound = np.random.default_rng(0).standard_normal(97).astype(np.float32)
    energies = {
        start: float(np.square(sound[start : start + length]).sum())
        for start in range(0, 97 - length + 1, step)
    }
    assert loudest_start(sound, length, step) == max(energies, key=energies.__getitem__)
    assert loudest_start(sound, 97, step) == 0


@pytest.mark.parametrize("inversion", ["keep_input", "balanced"])
def test_reports_sound_as_generate_does(tiny_model, tmp_path, inversion: str):
    sound = tone(0.5)[: 128 * 170]
    soundfile.write(tmp_path / "a.wav", sound, RATE_HZ, "FLOAT")
    (made,) = reconstruct(tiny_model, [tmp_path / "a.wav"], tmp_path, inversion=inversion)
    with torch.inference_mode():
        heard = pass_through(offline_core(tiny_model, inversion), sound, NO_LABELS)
    # The other calls in the tail round otherwise, which phase recovery amplifies.
    end = len(sound) if inversion == "keep_input" else -2048
    np.testing.assert_allclose(heard[:end], soundfile.read(made)[0][:end], atol=1e-6)


def test_played_latents_are_in_time_with_the_sound_they_come_from(tiny_model):
    sound = tone(0.5)[: 128 * 170]
    core = offline_core(tiny_model, "eco")
    core.set_modes("eco", "eco")
    with torch.inference_mode():
        latents = core.encode(torch.from_numpy(sound)[None, None])[0].T
        played = play(core, latents, torch.zeros(len(latents), 0))
        heard = pass_through(core, sound, NO_LABELS)
    assert played.shape == sound.shape
    # Only at the end do they differ: one falls silent, the other holds its last frame.
    np.testing.assert_allclose(played[:-2048], heard[:-2048], atol=1e-5)


def test_a_held_path_rests_on_its_points():
    path = hold(torch.tensor([[0.0], [4.0]]), 8)
    expected = [0.0] * 8 + [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    assert path[:, 0].tolist() == expected


def test_a_sweep_moves_one_dimension():
    path = sweep(torch.tensor([1.0, 2.0, 3.0]), 1, -1.0, 1.0, 5)
    assert path[:, 1].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert path[:, [0, 2]].tolist() == [[1.0, 3.0]] * 5


def test_the_loudest_point_is_that_of_the_loudest_frame(tiny_model):
    quiet, loud = tone(0.2, 150.0)[: 128 * 60] * 0.01, tone(0.1, 400.0)[: 128 * 20]
    sound = np.concatenate((quiet, loud, quiet))
    core = offline_core(tiny_model, "eco")
    with torch.inference_mode():
        latents = core.encode(torch.from_numpy(sound)[None, None])[0].T
        frames = core.encode_analysis.__class__(512, 128)(torch.from_numpy(sound)[None]).abs()
        point, labels = loudest_point(core, sound, np.zeros((0, 140), np.float32))
    loudest = int(frames[0].square().sum(1).argmax())
    assert 60 <= loudest < 84
    torch.testing.assert_close(point, latents[loudest], atol=1e-4, rtol=1e-4)
    assert labels.shape == (0,)


def test_latent_usage_is_the_mean_divergence_of_every_dimension(tiny_model):
    windows = torch.randn(40, 512, generator=torch.Generator().manual_seed(0))
    batches = [{"waveform": part, "labels": {}} for part in windows.split(16)]
    with torch.inference_mode():
        usage = latent_usage(tiny_model, batches)
        frames = tiny_model.transform(windows)[:, 0]
        mean, std = tiny_model.encode(frames)
    kl = torch.zeros(4)
    for m, s in zip(mean, std, strict=True):
        kl += 0.5 * (m**2 + s**2 - 1 - 2 * s.log()) / 40
    torch.testing.assert_close(usage.kl_nats, kl)
    torch.testing.assert_close(usage.variance, torch.from_numpy(mean.numpy().var(0)))
    assert [float(usage.kl_nats[i]) for i in usage.order] == sorted(
        usage.kl_nats.tolist(), reverse=True
    )


def test_confusions_are_those_of_scikit_learn():
    pairs = torch.randint(0, 5, (200, 2), generator=torch.Generator().manual_seed(0)).float()
    expected = confusion_matrix(pairs[:, 0].numpy(), pairs[:, 1].numpy(), labels=range(6))
    assert confusion(pairs, 6).tolist() == expected.tolist()


# --- what is drawn ---


@pytest.mark.parametrize("frequency_bin", [4, 30, 100, 500])
def test_a_partial_stands_at_its_frequency_and_level(frequency_bin: int):
    magnitude = np.zeros((3, 1025), np.float32)
    magnitude[:, frequency_bin] = 0.5
    levels = levels_db(magnitude, 1.0, RATE_HZ)
    edges, hz = edges_hz(RATE_HZ), frequency_bin * RATE_HZ / 2048
    row = int(levels[:, 1].argmax())
    spacing = RATE_HZ / 2048
    assert edges[row] - spacing / 2 <= hz <= edges[row + 1] + spacing / 2
    if frequency_bin >= 100:  # rows are wider than bins: no level is lost
        assert levels.max() == pytest.approx(20 * math.log10(0.5), abs=1e-4)
    assert levels.min() == FLOOR_DB


def test_curves_skip_what_is_missing_and_half_a_line(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,train/loss,validation/loss\n20,3.5,\n40,,2.5\n60,nan,\n80,1.5,1.2\n10")
    names = {"train/loss": "training", "validation/loss": "held out", "other": "other"}
    training, held_out, other = read_curves(path, names)
    assert (training.steps.tolist(), training.values.tolist()) == ([20.0, 80.0], [3.5, 1.5])
    assert (held_out.steps.tolist(), held_out.values.tolist()) == ([40.0, 80.0], [2.5, 1.2])
    assert len(other.steps) == 0
    assert len(read_curves(tmp_path / "none.csv", names)[0].values) == 0


def test_long_curves_are_means_of_neighbours(tmp_path):
    lines = ["step,loss", *(f"{i},{i % 2}" for i in range(2400)), ""]
    (tmp_path / "metrics.csv").write_text("\n".join(lines))
    (curve,) = read_curves(tmp_path / "metrics.csv", {"loss": "loss"})
    assert len(curve.values) == 600
    assert set(curve.values.tolist()) == {0.5}
    assert curve.steps[:2].tolist() == [1.5, 5.5]


# --- where it goes ---


def empty_report(text: str = "x") -> Report:
    return Report({"picture": Figure()}, {"sound": tone(0.1)}, {}, {"text.txt": text})


def write(folder: Path, step: int, report: Report) -> Path:
    images = {name: pixels(figure) for name, figure in report.pictures.items()}
    return write_report(folder, step, report, images, RATE_HZ)


def test_a_report_appears_whole_and_replaces_one_of_its_step(tmp_path):
    for text in ("first", "second"):
        folder = write(tmp_path / "sounds", 40, empty_report(text))
        assert folder.name == "step_0000040"
        names = {path.name for path in folder.iterdir()}
        assert names == {"picture.png", "sound.wav", "text.txt"}
        assert (folder / "text.txt").read_text() == text
    assert [path.name for path in (tmp_path / "sounds").iterdir()] == ["step_0000040"]
    np.testing.assert_array_equal(soundfile.read(folder / "sound.wav")[0], tone(0.1))


def test_a_report_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    write(tmp_path, 40, empty_report("old"))

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("vschaos2.monitor.store.write_audio", full)
    for step in (40, 60):
        with pytest.raises(OSError, match="No space"):
            write(tmp_path, step, empty_report("new"))
    assert [path.name for path in tmp_path.iterdir()] == ["step_0000040"]
    assert (tmp_path / "step_0000040" / "text.txt").read_text() == "old"


def test_reports_are_thinned_out_evenly_over_the_training(tmp_path):
    for power in range(13):
        (tmp_path / f"step_{2**power:07d}").mkdir()
        thin_out(tmp_path, 5)
    steps = sorted(int(path.name[5:]) for path in tmp_path.iterdir())
    assert len(steps) == 5 and (steps[0], steps[-1]) == (1, 4096)
    assert max(b / a for a, b in pairwise(steps)) <= 64
    thin_out(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["step_0004096"]


def test_reports_after_a_step_and_half_written_ones_are_forgotten(tmp_path):
    for step in (20, 40, 60):
        write(tmp_path / "sounds", step, empty_report())
    (tmp_path / "prior" / ".unfinished.tmp").mkdir(parents=True)
    (tmp_path / "originals").mkdir()
    (tmp_path / "originals" / ".a.wav.tmp").touch()
    (tmp_path / "originals" / "a.wav").touch()
    forget_reports(tmp_path, 40)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*"))
    assert names == ["originals/a.wav", "sounds/step_0000020", "sounds/step_0000040"]
    forget_reports(tmp_path / "none", 0)


# --- a training ---


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    """Eight short tones of two pitches, each at its own level; one of unknown pitch."""
    folder = tmp_path_factory.mktemp("recordings")
    for name in ("data", "metadata/pitch", "metadata/force"):
        (folder / name).mkdir(parents=True)
    pitch, force = [], []
    for i in range(8):
        sound = tone(0.4, (220.0, 330.0)[i % 2]) * (0.3 + 0.1 * i)
        soundfile.write(folder / "data" / f"{i}.wav", sound, RATE_HZ)
        pitch.append(f"data/{i}.wav\t{'none' if i == 5 else ('low', 'high')[i % 2]}")
        force.append(f"data/{i}.wav\t{1 + i}.5")
    (folder / "metadata/pitch/metadata.txt").write_text("\n".join(pitch))
    (folder / "metadata/pitch/classes.txt").write_text("0\tlow\n1\thigh\n")
    (folder / "metadata/force/metadata.txt").write_text("\n".join(force))
    return folder


LABELS = (
    "model.conditioning={pitch: {dim: 2}}",
    "model.prediction={pitch: {dim: 2, args: {hidden_dims: 8}}, "
    "force: {dim: 1, args: {hidden_dims: 8, target_dist: Normal}}}",
    "data.dataset.metadata_callbacks={force: {type: float}}",
)
EAGER = (
    *("callbacks.monitor.first_seconds=0", "callbacks.monitor.share=0.5"),
    *("callbacks.monitor.seconds=0.3", "callbacks.monitor.dimensions=2"),
)


def config(root: Path, rundir: Path, *overrides: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(
            "dgt_live",
            overrides=[
                *(f"data.dataset.root={root}", f"rundir={rundir}", "trainer.accelerator=cpu"),
                *("data.augment.speed=0", "data.loader.batch_size=32"),
                *("data.dataset.validation_fraction=0.25", "data.loader.batches_per_epoch=4"),
                *("model.encoder.hidden_dim=16", "model.decoder.hidden_dim=16"),
                *("trainer.max_epochs=2", "trainer.log_every_n_steps=2"),
                *overrides,
            ],
        )


@pytest.fixture
def every_report(monkeypatch) -> None:
    """Every kind of report at the first steps and at the end, whatever they cost."""

    def due(self, kinds: list[str], _: float) -> str | None:
        return next((kind for kind in kinds if kind not in self.costs), None)

    monkeypatch.setattr(Budget, "due", due)
    monkeypatch.setattr(Budget, "due_at_end", lambda self, kinds, _: kinds)


def test_a_watched_training_is_the_same_bit_for_bit(recordings, tmp_path, every_report, caplog):
    watched = train(config(recordings, tmp_path, *EAGER, *LABELS))
    alone = train(config(recordings, tmp_path, "callbacks.monitor=null", *LABELS))
    assert (watched / "metrics.csv").read_text() == (alone / "metrics.csv").read_text()
    states = [read_checkpoint(f / "checkpoints/last.ckpt")["state_dict"] for f in (watched, alone)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[1])
    assert not (alone / "samples").exists()
    assert "training goes on" not in caplog.text

    samples = watched / "samples"
    assert {path.name for path in samples.iterdir()} == {*reports.KINDS, "curves", "originals"}
    newest = {kind: max((samples / kind).glob("step_*")) for kind in reports.KINDS}
    assert {path.name for path in newest.values()} == {"step_0000008"}
    names = {path.name for path in newest["reconstructions"].iterdir()}
    held_out = [Path(p).stem for p in (watched / "held_out.txt").read_text().split()]
    modes = ("keep_input", "live")
    assert names == {f"{f}_{m}.wav" for f in held_out for m in modes} | {"spectrograms.png"}
    assert {path.stem for path in (samples / "originals").iterdir()} == set(held_out)
    original, rate_hz = soundfile.read(samples / "originals" / f"{held_out[0]}.wav")
    heard, _ = soundfile.read(newest["reconstructions"] / f"{held_out[0]}_keep_input.wav")
    assert len(original) == len(heard) and rate_hz == RATE_HZ
    assert {path.name for path in newest["predictions"].iterdir()} == {"pitch.png", "force.png"}
    with (newest["latents"] / "latent_usage.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 16
    assert len(list(newest["traversals"].glob("dimension_*.wav"))) == 2
    assert len(list((samples / "curves").iterdir())) == 1

    events = EventAccumulator(str(watched), size_guidance={"audio": 0, "images": 0})
    events.Reload()
    tags = events.Tags()
    assert f"reconstructions/{held_out[0]}_live" in tags["audio"]
    assert {"prior/prior", f"originals/{held_out[0]}"} <= set(tags["audio"])
    assert {"predictions/pitch", "curves/learning_curves"} <= set(tags["images"])
    assert "latent/active_dimensions" in tags["scalars"]


def test_what_is_heard_are_the_averaged_weights(recordings, tmp_path, monkeypatch, every_report):
    heard = []

    def listen(model, scene, moment) -> Report:
        heard.append(model)
        return Report({}, {}, {}, {})

    monkeypatch.setattr(reports, "KINDS", {"any": listen})
    folder = train(config(recordings, tmp_path, *EAGER))
    stored = read_checkpoint(folder / "checkpoints/last.ckpt")["state_dict"]
    prefix = "average.module."
    kept = {k.removeprefix(prefix): v for k, v in stored.items() if k.startswith(prefix)}
    last = heard[-1].state_dict()
    assert all(torch.equal(last[name], kept[name]) for name in kept)
    assert not any(weight.requires_grad for weight in heard[-1].parameters())
    optimised = {k.removeprefix("model."): v for k, v in stored.items() if k.startswith("model.")}
    assert not all(torch.equal(last[name], optimised[name]) for name in kept)


def test_a_full_disk_costs_a_warning_each_and_no_training(
    recordings, tmp_path, monkeypatch, caplog, every_report
):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watching, "write_report", full)
    monkeypatch.setattr(reports, "KINDS", {"latents": reports.KINDS["latents"]})
    caplog.set_level(logging.WARNING, "vschaos2")
    folder = train(config(recordings, tmp_path, *EAGER))
    assert read_checkpoint(folder / "checkpoints/last.ckpt")["summary"]["step"] == 8
    assert not (folder / "samples" / "latents").exists()
    lines = [record.message for record in caplog.records if "training goes on" in record.message]
    assert lines and all("No space left on device" in line and "\n" not in line for line in lines)


@pytest.mark.parametrize("option", ["callbacks.monitor=null", "callbacks.monitor.enabled=false"])
def test_monitoring_can_be_turned_off(recordings, tmp_path, every_report, option: str):
    folder = train(config(recordings, tmp_path, *TWO_STEPS, option))
    assert not (folder / "samples").exists()


@pytest.mark.parametrize(
    "override, message",
    [
        ("callbacks.monitor.share=0.9", r"monitor.share must be a number from 0 to 0.5, got 0.9"),
        ("callbacks.monitor.files=0", r"monitor.files must be a whole number from 1 to 16, got 0"),
        ("callbacks.monitor.history=many", r"monitor.history must be a whole number, got 'many'"),
        ("+callbacks.monitor.shares=0.1", r"no key 'shares', did you mean 'share'\?"),
        ("+callbacks.monitr=null", r"no config key 'callbacks.monitr', did you mean"),
        ("callbacks.monitor=yes", r"callbacks.monitor must be key: value pairs or null"),
    ],
)
def test_wrong_options_are_refused_and_leave_no_run(recordings, tmp_path, override, message):
    with pytest.raises(InputError, match=message) as caught:
        train(config(recordings, tmp_path, override))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*/version_*"))


def test_defaults_of_the_configuration_are_those_of_the_signature():
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        composed = compose("dgt_mid")
    assert MonitorOptions(**composed.callbacks.monitor) == MonitorOptions()


def test_weights_that_are_not_finite_are_not_played(tiny_model):
    assert listening_copy(tiny_model) is not None
    next(tiny_model.parameters()).data[0] = math.nan
    assert listening_copy(tiny_model) is None
