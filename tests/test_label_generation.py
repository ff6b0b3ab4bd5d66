import logging
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from conftest import TINY
from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.signal_path import through
from vschaos2.generation import offline_core, reconstruct
from vschaos2.generation.file_labels import labels_for
from vschaos2.runs.folder import Run

RATE, N_FFT, HOP = 44100, 512, 128
NOTES = ["A", "B", "C"]
LABELS = """
conditioning:
  pitch: {dim: 3}
  bend: {dim: 1, embedding: Float}
prediction:
  pitch: {dim: 3, args: {hidden_dims: 8}}
"""


@pytest.fixture(scope="module")
def run() -> Run:
    config = OmegaConf.create(TINY)
    config.model = OmegaConf.merge(config.model, OmegaConf.create(LABELS))
    assert isinstance(config, DictConfig)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        for predictor in model.prediction.predictors:
            predictor.layers[-1].weight *= 20.0  # so that guesses differ from frame to frame
    return Run(
        Path("runs/x/version_0"), config, model, Kept(torch.zeros(1, 4), {"pitch": NOTES}), {}
    )


def write_dataset(root: Path, classes: str = "0\tA\n1\tB\n2\tC\n") -> Path:
    """a.wav: pitch 1 (and 2 from 0.1 s), bend -0.5; b.wav: pitch 2, bend unknown."""
    rng = np.random.default_rng(0)
    for task in ("pitch/tracks", "bend"):
        (root / "metadata" / task).mkdir(parents=True)
    (root / "data" / "deep").mkdir(parents=True)
    for name in ("a.wav", "deep/b.wav"):
        soundfile.write(root / "data" / name, 0.1 * rng.standard_normal(RATE // 5), RATE)
    (root / "metadata/pitch/classes.txt").write_text(classes)
    (root / "metadata/pitch/tracks/a.txt").write_text("0,0.1\t1\n0.1,0.19\t2\n")
    (root / "metadata/pitch/metadata.txt").write_text("data/a.wav\ta.txt\ndata/deep/b.wav\t2\n")
    (root / "metadata/bend/metadata.txt").write_text("data/a.wav\t-0.5\ndata/deep/b.wav\tnone\n")
    return root


@pytest.fixture
def dataset(tmp_path) -> Path:
    return write_dataset(tmp_path / "set")


def sound_of(run: Run, path: Path, folder: Path, *words: str, dataset: Path | None = None):
    (file,) = reconstruct(run.model, [path], folder, labels=labels_for(run, words, dataset))
    return soundfile.read(file, dtype="float32")[0]


# --- labels ---


@pytest.mark.parametrize(
    "words, expected",
    [
        ((), [math.nan, math.nan]),
        (("pitch", "C"), [2.0, math.nan]),
        (("pitch", "1", "bend", "-0.5"), [1.0, -0.5]),
        (("bend", "2", "bend", "3"), [math.nan, 3.0]),
    ],
)
def test_words_name_labels_for_every_moment(run, words, expected):
    labels = labels_for(run, words)(Path("any.wav"))(np.array([0.0, 5.0]))
    np.testing.assert_array_equal(labels, np.array([expected, expected], dtype=np.float32).T)


@pytest.mark.parametrize(
    "words, message",
    [
        (("pitch", "H"), "--meta pitch H: .* give A, B, C, or an index from 0 to 2"),
        (("pitch", "3"), "--meta pitch 3: no class"),
        (("bend", "up"), "--meta bend up: .* give a number"),
        (("octave", "3"), "--meta octave: the model is not told of this task: one of pitch, bend"),
        (("pitch", "A", "bend"), "'bend' has no value: write TASK VALUE"),
    ],
)
def test_words_that_mean_nothing_are_refused_in_one_line(run, words, message):
    with pytest.raises(InputError, match=message) as caught:
        labels_for(run, words)
    assert "\n" not in str(caught.value)


def test_a_dataset_tells_each_file_its_own_labels_over_time(run, dataset):
    labels = labels_for(run, dataset=dataset)
    seconds = np.array([-0.1, 0.05, 0.15, 0.195])
    a = labels(dataset / "data" / "a.wav")(seconds)
    np.testing.assert_array_equal(a, np.float32([[1, 1, 2, math.nan], [-0.5] * 4]))
    b = labels(dataset / "data" / ".." / "data" / "deep" / "b.wav")(seconds)
    np.testing.assert_array_equal(b, np.float32([[2] * 4, [math.nan] * 4]))


def test_words_count_before_the_dataset(run, dataset):
    labels = labels_for(run, ("pitch", "A"), dataset)(dataset / "data" / "a.wav")
    np.testing.assert_array_equal(labels(np.array([0.15])), np.float32([[0], [-0.5]]))


def test_classes_are_matched_by_their_names(run, tmp_path, caplog):
    """The dataset's 1 is the model's C, which it numbers 2; D is a class the model never met."""
    root = write_dataset(tmp_path / "other", "0\tB\n1\tC\n2\tD\n")
    with caplog.at_level(logging.WARNING):
        labels = labels_for(run, dataset=root)(root / "data" / "a.wav")
    np.testing.assert_array_equal(labels(np.array([0.05, 0.15]))[0], np.float32([2, math.nan]))
    assert "the model has no class D of pitch" in caplog.text


def test_files_outside_the_dataset_are_unknown_and_said_so(run, dataset, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        labels = labels_for(run, dataset=dataset)(tmp_path / "a.wav")(np.array([0.05]))
    assert np.isnan(labels).all() and "its labels are guessed, or 0" in caplog.text


def test_datasets_that_say_nothing_are_refused_in_one_line(run, dataset, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        labels_for(run, dataset=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="tell of nothing, the model is told pitch, bend"):
        labels_for(run, dataset=tmp_path / "empty")


# --- sound ---


def test_a_constant_label_sounds_like_the_model_told_it(run, dataset, tmp_path):
    """The oracle: the model on the padded file at once, with the input's phase."""
    path = dataset / "data" / "a.wav"
    samples = torch.from_numpy(soundfile.read(path, dtype="float32")[0])
    heard = sound_of(run, path, tmp_path, "pitch", "C", "bend", "-0.5")
    transform = run.model.transform
    padded = torch.nn.functional.pad(samples, (N_FFT - HOP, N_FFT - len(samples) % HOP))[None]
    coefficients = transform.analyse(padded)
    magnitude = coefficients.abs()
    labels = torch.tensor([[2.0, -0.5]]).expand(magnitude.shape[1], 2)
    shaped = transform.to_magnitude(run.model(transform.to_frames(magnitude[0]), labels))
    expected = transform.synthesise(coefficients * (shaped / magnitude.clamp_min(1e-12)))[0]
    inner = slice(0, len(samples) - N_FFT)
    np.testing.assert_allclose(
        heard[inner], expected[N_FFT - HOP :][inner].numpy(), atol=2e-5 * float(expected.max())
    )


def test_labels_change_the_sound(run, dataset, tmp_path):
    path = dataset / "data" / "a.wav"
    sounds = [sound_of(run, path, tmp_path / note, "pitch", note) for note in NOTES]
    assert not np.allclose(sounds[0], sounds[1], atol=1e-4)
    assert not np.allclose(sounds[1], sounds[2], atol=1e-4)


def test_the_same_labels_in_words_and_from_the_dataset_sound_alike(run, dataset, tmp_path):
    path = dataset / "data" / "deep" / "b.wav"
    told = sound_of(run, path, tmp_path / "told", "pitch", "C")
    known = sound_of(run, path, tmp_path / "known", dataset=dataset)
    np.testing.assert_array_equal(told, known)


def test_a_frame_is_told_the_label_at_its_centre(run, dataset):
    """Frame f ends with hop f: its centre lies n_fft/2 before. Pitch turns at 0.1 s."""
    core = offline_core(run.model, "keep_input")
    told = []

    def overheard(latent, labels=None, magnitude=core.magnitude):
        told.append(labels[:, 0])
        return magnitude(latent, labels)

    core.magnitude = overheard
    path = dataset / "data" / "a.wav"
    list(through(core, path, labels_for(run, dataset=dataset)(path)))
    labels = torch.cat(told)
    centre = ((torch.arange(len(labels)) + 1) * HOP - N_FFT / 2) / RATE
    assert torch.equal(labels[centre < 0.1], torch.ones(int((centre < 0.1).sum())))
    inside = (centre >= 0.1) & (centre < 0.19)
    assert torch.equal(labels[inside], torch.full((int(inside.sum()),), 2.0))


def test_what_nobody_says_is_guessed(run, dataset, tmp_path):
    """Forward without commands, its guesses then told as a command: the same sound."""
    path = dataset / "data" / "a.wav"
    samples = soundfile.read(path, dtype="float32")[0]
    core = offline_core(run.model, "keep_input")
    whole = torch.from_numpy(np.pad(samples, (0, 4 * HOP - len(samples) % HOP)))[None, None]
    nothing = torch.full((1, 2, whole.shape[2]), math.nan)
    guessed = core(torch.cat((whole, nothing), 1))
    assert len(guessed[:, 1].unique()) > 1  # or the test would show nothing
    bend = torch.zeros(1, 1, whole.shape[2])
    core.reset()
    told = core(torch.cat((whole, guessed[:, 1:], bend), 1))[0, 0].numpy()
    heard = sound_of(run, path, tmp_path)
    np.testing.assert_allclose(
        heard, told[N_FFT - HOP :][: len(heard)], atol=1e-5 * float(np.abs(told).max())
    )


def test_a_model_without_labels_takes_none(tiny_run, dataset, tmp_path):
    with pytest.raises(InputError, match="leave --meta out"):
        labels_for(tiny_run, ("pitch", "A"))
    path = dataset / "data" / "a.wav"
    with_labels = sound_of(tiny_run, path, tmp_path / "a")
    (file,) = reconstruct(tiny_run.model, [path], tmp_path / "b")
    np.testing.assert_array_equal(with_labels, soundfile.read(file, dtype="float32")[0])
