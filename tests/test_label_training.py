import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hydra import compose, initialize_config_dir
from resumed_trainings import TWO_STEPS

from vschaos2.data.augment import Augment
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.families.vae.inference import check_classes
from vschaos2.families.vae.pairs import draw_pair
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.labels.filling import (
    draw_conditions,
    draw_unknown,
    prediction_losses,
    prediction_scores,
    prefer_guesses,
    stack_labels,
)
from vschaos2.labels.metadata import load_metadata
from vschaos2.labels.transposition import transpose_labels
from vschaos2.runs.checkpoints import read_checkpoint

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
NAN = math.nan
F0_HZ = (220.0, 660.0)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def two_pitches(tmp_path_factory) -> Path:
    """Sixteen short tones of two pitches, each at its own level; one file of unknown pitch."""
    folder = tmp_path_factory.mktemp("two_pitches")
    for name in ("data", "metadata/pitch", "metadata/force"):
        (folder / name).mkdir(parents=True)
    t = np.arange(16_384) / 44_100
    pitch, force = [], []
    for i in range(16):
        f0_hz = F0_HZ[i % 2]
        tone = sum(np.sin(2 * np.pi * f0_hz * h * t + i) / h**2 for h in (1, 2, 3))
        soundfile.write(folder / "data" / f"{i}.wav", 0.05 * (1 + i // 2) * tone, 44_100)
        pitch.append(f"data/{i}.wav\t{'none' if i == 5 else ('low', 'high')[i % 2]}")
        force.append(f"data/{i}.wav\t{1 + i // 2}.5")
    (folder / "metadata/pitch/metadata.txt").write_text("\n".join(pitch))
    (folder / "metadata/pitch/classes.txt").write_text("0\tlow\n1\thigh\n")
    (folder / "metadata/force/metadata.txt").write_text("\n".join(force))
    return folder


def config(root: Path, rundir: Path, *overrides: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(
            "dgt_live",
            overrides=[
                *(f"data.dataset.root={root}", f"rundir={rundir}", "trainer.accelerator=cpu"),
                *("data.augment.speed=0", "data.loader.batch_size=64"),
                *("model.encoder.hidden_dim=64", "model.decoder.hidden_dim=64"),
                *overrides,
            ],
        )


# --- unknown labels ---


def test_unknown_classes_are_drawn_evenly_and_known_ones_kept():
    label = torch.full((3000,), NAN)
    label[::3] = 7.0
    drawn = draw_unknown(label, 4)
    assert torch.equal(drawn[::3], label[::3])
    counts = torch.bincount(drawn[label.isnan()].long(), minlength=4)
    assert len(counts) == 4
    # 2000 draws of probability 1/4: within five deviations, √(2000·¼·¾) = 19.4.
    assert int((counts - 500).abs().max()) < 97


def test_unknown_values_are_drawn_from_the_known_ones_else_0():
    label = torch.tensor([NAN, 2.5, NAN, -1.0] * 50)
    drawn = draw_unknown(label, None)
    assert set(drawn.tolist()) == {2.5, -1.0}
    assert set(drawn[0::4].tolist()) == {2.5, -1.0}
    assert draw_unknown(torch.full((3,), NAN), None).tolist() == [0.0] * 3


def test_guesses_stand_in_where_there_is_a_predictor():
    tasks = ["pitch", "octave"]
    known = torch.tensor([[NAN, NAN], [1.0, 2.0]])
    drawn = torch.tensor([[5.0, 6.0], [1.0, 2.0]])
    guesses = torch.tensor([[8.0, 3.0], [9.0, 4.0]])
    filled = prefer_guesses(drawn, known, tasks, guesses, ["tempo", "octave"])
    assert filled.tolist() == [[5.0, 3.0], [1.0, 2.0]]


def test_transposed_labels_are_those_of_the_transposed_key():
    # A4 (pitch 0, octave 5 counted from A) two semitones down is G4: pitch 10, octave 4.
    keys = torch.arange(108.0).repeat_interleave(9)
    semitones = torch.arange(-4.0, 5.0).repeat(108)
    labels = {"pitch": keys % 12, "octave": (keys / 12).floor(), "class": keys}
    moved = transpose_labels(labels, semitones)
    inside = (keys + semitones >= 0) & (keys + semitones < 108)
    assert torch.equal((12 * moved["octave"] + moved["pitch"])[inside], (keys + semitones)[inside])
    assert bool(moved["octave"][~inside].isnan().all())
    assert torch.equal(moved["class"], keys)


def test_an_octave_without_a_pitch_is_unknown_once_it_is_transposed():
    semitones = torch.tensor([0.0, 1.0, 0.0, -1.0])
    pitch, octave = torch.tensor([NAN, NAN, 3.0, 3.0]), torch.tensor([4.0, 4.0, NAN, 4.0])
    moved = transpose_labels({"pitch": pitch, "octave": octave}, semitones)
    torch.testing.assert_close(moved["octave"], torch.tensor([4.0, NAN, NAN, 4.0]), equal_nan=True)
    torch.testing.assert_close(moved["pitch"], torch.tensor([NAN, NAN, 3.0, 2.0]), equal_nan=True)
    alone = transpose_labels({"octave": torch.tensor([4.0, 4.0])}, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(alone["octave"], torch.tensor([4.0, NAN]), equal_nan=True)


class Ramp:
    """A stand-in for a transform: a window is its own frame, so that its speed can be read."""

    n_fft, hop = 9, 1

    def analyse(self, waveform):
        return waveform.unfold(1, 9, 1)

    def to_frames(self, magnitude):
        return magnitude


@pytest.mark.parametrize("sequence", [1, 3])
def test_windows_of_known_key_are_heard_in_one_key_and_wanted_in_another(sequence):
    augment = Augment(transpose=3, other_key=0.5)
    samples = augment.drawn_samples(8 + sequence)
    recorded = {"pitch": torch.full((8, sequence), 6.0), "octave": torch.full((8, sequence), 4.0)}
    recorded["pitch"][5, -1] = recorded["octave"][6, 0] = NAN
    batch = {
        "waveform": torch.arange(float(samples)).repeat(8, 1),
        "labels": {task: label.flatten() for task, label in recorded.items()},
    }
    given, target = draw_pair(augment, Ramp(), batch, sequence)

    def semitones(frames: torch.Tensor) -> torch.Tensor:
        return 12 * torch.log2((frames[:, -1] - frames[:, 0]) / 8)

    heard, wanted = semitones(given.frames), semitones(target.frames)
    known = ~batch["labels"]["pitch"].isnan()
    for frames, labels in ((heard, given.labels), (wanted, target.labels)):
        expected = (6 + frames.round()).remainder(12)
        torch.testing.assert_close(labels["pitch"][known], expected[known], atol=1e-4, rtol=0)
    torch.testing.assert_close(target.magnitude, target.frames)
    differ = (heard - wanted).abs().reshape(8, sequence) > 0.5
    assert not bool(differ[[0, 1, 2, 3, 5, 6]].any())  # of the transposed half, or unknown
    assert torch.equal(wanted.reshape(8, sequence)[4:], torch.zeros(4, sequence))  # as recorded
    assert bool((differ == differ[:, :1]).all())


def test_windows_of_unknown_key_alone_are_heard_as_they_are_wanted():
    augment = Augment(transpose=3, other_key=0.5)
    waveform = torch.arange(float(augment.drawn_samples(9))).repeat(4, 1)
    unknown = {"pitch": torch.full((4,), NAN), "octave": torch.full((4,), 4.0)}
    given, target = draw_pair(augment, Ramp(), {"waveform": waveform, "labels": unknown})
    assert torch.equal(given.frames, target.frames)
    assert given.labels is target.labels


class Spectrum:
    """A stand-in for a transform: a window is one frame, and its samples are its magnitudes."""

    n_fft, hop = 9, 1

    def analyse(self, waveform):
        return waveform[:, None]

    def to_frames(self, magnitude):
        return magnitude


def test_windows_of_known_labels_are_heard_from_another_recording_at_their_own_level():
    shapes = torch.eye(9)[:8] + 0.1  # no two alike
    level = torch.tensor([1.0, 2.0, 0.5, 1.0, 1e-4, 1.0, 3.0, 1.0])
    labels = {"instrument": torch.arange(8.0), "vowel": torch.full((8,), 2.0)}
    labels["vowel"][3] = NAN
    batch = {"waveform": level[:, None] * shapes, "labels": labels}
    heard_from = []
    for _ in range(200):
        given, target = draw_pair(Augment(other_sound=0.5), Spectrum(), batch)
        torch.testing.assert_close(target.magnitude, batch["waveform"])
        torch.testing.assert_close(target.labels, labels, equal_nan=True)
        norms = [each.magnitude.norm(dim=1) for each in (given, target)]
        torch.testing.assert_close(*norms)
        alike = (
            torch.nn.functional.normalize(given.magnitude) @ torch.nn.functional.normalize(shapes).T
        )
        torch.testing.assert_close(given.labels["instrument"], alike.argmax(1).float())
        heard_from.append(alike.argmax(1))
    sources = torch.stack(heard_from)
    assert set(sources[:, 0].tolist()) == {0, 1, 2}  # of the first half, and known
    torch.testing.assert_close(sources[:, 3:], torch.arange(3, 8).expand(200, -1))


def test_a_recording_far_louder_or_softer_is_not_heard_in_place_of_another():
    level = torch.tensor([1.0, 10.0 ** (-23 / 20), 10.0 ** (-25 / 20), 0.0])
    batch = {
        "waveform": level.repeat(2)[:, None] * torch.ones(8, 9),
        "labels": {"instrument": torch.arange(8.0)},
    }
    pairs = set()
    for _ in range(200):
        given, _ = draw_pair(Augment(other_sound=0.5), Spectrum(), batch)
        pairs |= {(i, int(j)) for i, j in enumerate(given.labels["instrument"]) if i != j}
    assert pairs == {(0, 1), (1, 0), (1, 2), (2, 1)}


def test_another_sound_is_heard_through_the_filter_of_the_one_that_is_wanted():
    augment = Augment(tilt_db=6.0, gain_db=9.0, other_sound=0.5)
    shapes = torch.rand(8, 9) + 0.5
    batch = {"waveform": shapes, "labels": {"instrument": torch.arange(8.0)}}
    given, target = draw_pair(augment, Spectrum(), batch)
    source = given.labels["instrument"].long()
    assert bool((source[:4] != torch.arange(4)).any())
    ratio = (given.magnitude / shapes[source]) / (target.magnitude / shapes)
    torch.testing.assert_close(ratio, ratio[:, :1].expand(-1, 9))  # but for a level


def test_another_sound_needs_labels(two_pitches, tmp_path):
    with pytest.raises(InputError, match=r"other_sound=0\.2 needs labels .* model\.conditioning"):
        train(config(two_pitches, tmp_path, "data.augment.other_sound=0.2"))


@pytest.mark.parametrize("overrides", [
    ["data.augment.other_key=0.2"],
    ["data.augment.other_key=0.2", "data.augment.transpose=2"],
])  # fmt: skip
def test_another_key_needs_transposition_and_a_pitch(two_pitches, tmp_path, overrides):
    with pytest.raises(InputError, match=r"other_key=0\.2 needs data\.augment\.transpose of 1"):
        train(config(two_pitches, tmp_path, *overrides))


def test_only_twelve_pitches_can_be_transposed(two_pitches, tmp_path):
    conditioning = "model.conditioning={pitch: {dim: 2}}"
    wrong = config(two_pitches, tmp_path, conditioning, "data.augment.transpose=1")
    with pytest.raises(
        InputError, match=r"transpose=1 moves pitch among 12 .* has 2 .*transpose=0"
    ):
        train(wrong)


def test_complete_labels_draw_nothing():
    told = Conditioning({"pitch": {"dim": 3}})
    labels = stack_labels({"pitch": torch.tensor([1.0, 2.0])}, ["pitch"], torch.zeros(2, 1))
    state = torch.get_rng_state()
    assert draw_conditions(told, labels) is labels
    assert torch.equal(torch.get_rng_state(), state)
    assert draw_conditions(told, torch.tensor([[NAN], [2.0]]))[1].item() == 2.0


# --- what predictors learn from ---


def predictors(unknown: str = "leave_out") -> Prediction:
    tasks = {
        "pitch": {"dim": 3, "unknown": unknown},
        "force": {"dim": 1, "args": {"target_dist": "Normal"}, "unknown": unknown},
    }
    return Prediction(tasks, 4, 2, Conditioning())


def test_losses_are_negative_log_likelihoods_of_the_known_labels():
    prediction = predictors()
    prediction.predictors[1].scale.fit(mean=10.0, std=2.0)
    logits = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 9.0]])
    values = torch.tensor([[0.5, 0.0], [7.0, 0.0]])  # mean, ln σ = 0
    labels = torch.tensor([[1.0, 14.0], [NAN, NAN]])
    losses = prediction_losses(prediction, [logits, values], labels)
    torch.testing.assert_close(losses["pitch"], logits[0].logsumexp(0) - 2.0)
    expected = 0.5 * (2.0 - 0.5) ** 2 + 0.5 * math.log(2.0 * math.pi)
    assert float(losses["force"]) == pytest.approx(expected)


def test_unknown_labels_teach_nothing_unless_random_targets_are_wanted():
    outputs = [torch.randn(8, 3, requires_grad=True), torch.randn(8, 2, requires_grad=True)]
    labels = torch.full((8, 2), NAN)
    left_out = prediction_losses(predictors(), outputs, labels)
    assert [float(loss.detach()) for loss in left_out.values()] == [0.0, 0.0]
    sum(left_out.values()).backward()
    assert all(float(output.grad.abs().max()) == 0.0 for output in outputs)
    drawn = prediction_losses(predictors("random"), outputs, labels)
    assert all(float(loss.detach()) > 0.0 for loss in drawn.values())


def test_scores_count_right_classes_and_sum_errors_over_known_labels():
    guesses = torch.tensor([[1.0, 2.0], [2.0, 3.0], [0.0, 5.0]])
    labels = torch.tensor([[1.0, 2.5], [0.0, NAN], [NAN, 4.0]])
    assert prediction_scores(predictors(), guesses, labels).tolist() == [[1.0, 2.0], [1.5, 2.0]]


# --- from a configuration to a run ---


def test_a_task_without_metadata_and_too_few_classes_are_refused(two_pitches, tmp_path):
    conditioning = "model.conditioning={{{0}: {{dim: {1}}}}}"
    with pytest.raises(InputError, match=r"no metadata for task 'vowel' .* force, pitch\): add"):
        train(config(two_pitches, tmp_path, conditioning.format("vowel", 2)))
    model = type("Model", (), {})()
    model.conditioning = Conditioning({"pitch": {"dim": 2}})
    model.prediction = Prediction({"force": {"dim": 2}}, 4, 2, Conditioning())
    files = [f"data/{i}.wav" for i in range(16)]
    callbacks = {"force": {"type": "float"}}
    metadata = load_metadata(two_pitches, files, callbacks)
    with pytest.raises(InputError, match=r"prediction.force wants classes, .* read as float"):
        check_classes(model, metadata)
    model.prediction = Prediction(None, 4, 2, Conditioning())
    check_classes(model, metadata)
    metadata.n_classes["pitch"] = 3
    message = r"model.conditioning.pitch.dim is 2, but metadata/pitch has 3 classes"
    with pytest.raises(InputError, match=message):
        check_classes(model, metadata)


def test_predictors_leave_the_training_of_the_rest_as_it_is(two_pitches, tmp_path):
    few = ("data.loader.batches_per_epoch=12", "trainer.max_epochs=1")
    fast = ("training.optimiser.warmup_steps=1", "trainer.gradient_clip_val=0.1")
    weights = []
    for labels in ([], ["model.prediction={pitch: {dim: 2, args: {hidden_dims: 8}}}"]):
        run = load_run(train(config(two_pitches, tmp_path, *few, *fast, *labels)))
        parts = (run.model.encoder, run.model.decoder)
        weights.append(torch.cat([p.flatten() for part in parts for p in part.parameters()]))
    torch.testing.assert_close(*weights, rtol=0.0, atol=1e-5)


@pytest.mark.slow
def test_another_label_moves_the_spectral_peak_and_predictors_know_it(
    two_pitches, tmp_path, caplog
):
    labels = {
        "model.conditioning": "{pitch: {dim: 2, target: [decoder]}, "
        "force: {dim: 1, embedding: Float, target: [encoder, decoder]}}",
        "model.prediction": "{pitch: {dim: 2, args: {hidden_dims: 32}}}",
        "data.dataset.metadata_callbacks": "{force: {type: float}}",
    }
    caplog.set_level("INFO", "vschaos2")
    folder = train(
        config(
            two_pitches,
            tmp_path,
            *(f"{key}={value}" for key, value in labels.items()),
            *("training.beta={target: 0.1, warmup: 0}", "trainer.max_epochs=3"),
            *("data.loader.batches_per_epoch=120", "data.dataset.validation_fraction=0.25"),
        )
    )
    assert sum(r.message.startswith("dataset ") for r in caplog.records) == 1
    assert any("task pitch" in r.message and "task force" in r.message for r in caplog.records)
    run = load_run(folder)
    assert run.kept.classes == {"pitch": ["low", "high"], "force": []}
    assert run.summary["validation/accuracy/pitch"] > 0.95
    log = (folder / "metrics.csv").read_text().splitlines()[0]
    assert "train/prediction/pitch" in log and "validation/accuracy/pitch" in log
    # Levels 1.5 to 8.5 in steps of 1: the standardisation is that of the training files.
    assert 2.0 < float(run.model.conditioning.embeddings[1].std) < 2.6
    held_out = (folder / "held_out.txt").read_text().split()
    model = run.model
    for path in held_out:
        sound = torch.from_numpy(soundfile.read(two_pitches / path)[0]).float()[None]
        frames = model.transform(sound)[0, 20:40]
        force = 1.5 + int(Path(path).stem) // 2
        for index, f0_hz in enumerate(F0_HZ):
            told = torch.tensor([[float(index), force]]).expand(len(frames), 2)
            magnitude = model.transform.to_magnitude(model(frames, told))
            peak_hz = magnitude.argmax(1) * 44_100 / model.transform.n_fft
            follows = (peak_hz - f0_hz).abs() < 44_100 / model.transform.n_fft
            assert float(follows.float().mean()) > 0.9


def test_checkpoints_without_classes_still_load(two_pitches, tmp_path):
    folder = train(config(two_pitches, tmp_path, *TWO_STEPS))
    path = folder / "checkpoints" / "best.ckpt"
    checkpoint = read_checkpoint(path)
    assert checkpoint.pop("classes") == {}
    torch.save(checkpoint, path)
    assert load_run(folder).kept.classes == {}
