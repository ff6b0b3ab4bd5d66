from types import SimpleNamespace

import pytest
import torch
from resumed_trainings import assert_same_run, resume, train_new, write_recordings
from torch import nn

from vschaos2.data.augment import Augment
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.vae.pairs import draw_pair
from vschaos2.families.vae.pseudo_labels import with_pseudo_labels
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.labels.filling import fill_sure
from vschaos2.training.objective import Objective
from vschaos2.training.step import Training

NAN = float("nan")


class Ramp:
    """A stand-in for a transform: a window is its own frame, so that its speed can be read."""

    n_fft, hop = 9, 1

    def analyse(self, waveform):
        return waveform.unfold(1, 9, 1)

    def to_frames(self, magnitude):
        return magnitude


class Teacher:
    """Guesses pitch and octave from a frame's first sample, as sure as its last digit says.

    Of 7.3 it says pitch 7, octave 7 // 3, with a confidence of .3.
    """

    def __init__(self):
        self.transform = Ramp()
        self.conditioning = Conditioning({"pitch": {"dim": 12}})
        self.prediction = Prediction(
            {"pitch": {"dim": 12}, "octave": {"dim": 9}}, 9, 9, Conditioning()
        )
        self.prediction.guess = self.guess

    def features(self, frames, labels):
        assert not bool(labels.isnan().any())
        return frames

    def posterior(self, features):
        return SimpleNamespace(mean=features)

    def guess(self, features, latent):
        assert torch.equal(features, latent)
        first = features[:, 0]
        pitch = first.floor()
        guesses = torch.stack([pitch, (pitch / 3).floor()], 1)
        return guesses, (first - pitch)[:, None].expand(-1, 2)


def test_unknown_labels_become_guesses_from_a_confidence_on():
    labels = {"pitch": torch.tensor([NAN, NAN, 5.0]), "beside": torch.tensor([1.0, NAN, 2.0])}
    guesses = torch.tensor([[7.0], [8.0], [9.0]])
    confidences = torch.tensor([[0.9], [0.8999], [1.0]])
    filled = fill_sure(labels, ["pitch"], guesses, confidences, 0.9)
    expected = {"pitch": torch.tensor([7.0, NAN, 5.0]), "beside": labels["beside"]}
    torch.testing.assert_close(filled, expected, equal_nan=True)
    assert bool(labels["pitch"][:2].isnan().all())  # what was given stays as it was


@pytest.mark.parametrize("sequence", [1, 3])
def test_windows_get_the_sure_guesses_of_their_own_frames(sequence):
    first = torch.tensor([7.75, 2.25, 4.75, 11.875])[:, None]
    waveform = first + torch.arange(8.0 + sequence)  # frame f of window b begins at first[b] + f
    pitch = torch.full((4, sequence), NAN)
    pitch[2] = 1.0
    octave = torch.full((4, sequence), 3.0)
    octave[3, -1] = NAN
    batch = {"waveform": waveform, "labels": {"pitch": pitch.flatten(), "octave": octave.flatten()}}
    filled = with_pseudo_labels(Teacher(), batch, 0.75, sequence)
    assert filled["waveform"] is waveform
    frame = torch.arange(float(sequence))
    wanted = torch.stack([7 + frame, torch.full_like(frame, NAN), 1 + 0 * frame, 11 + frame])
    found = filled["labels"]["pitch"].reshape(4, sequence)
    torch.testing.assert_close(found, wanted, equal_nan=True)
    octave[3, -1] = (11 + sequence - 1) // 3
    torch.testing.assert_close(filled["labels"]["octave"], octave.flatten())


def test_a_guess_moves_with_the_transposition_that_follows():
    augment = Augment(transpose=3, other_key=0.25)
    waveform = torch.arange(float(augment.drawn_samples(9))).repeat(64, 1) + 6.875
    unknown = {"pitch": torch.full((64,), NAN), "octave": torch.full((64,), NAN)}
    batch = with_pseudo_labels(Teacher(), {"waveform": waveform, "labels": unknown}, 0.75)
    torch.manual_seed(0)
    given, target = draw_pair(augment, Ramp(), batch)
    for frames in (given, target):
        semitones = (12 * torch.log2((frames.frames[:, -1] - frames.frames[:, 0]) / 8)).round()
        assert semitones.unique().tolist() == [-3, -2, -1, 0, 1, 2, 3] or frames is target
        # Key 12·2 + 6, moved by k.
        assert torch.equal(frames.labels["pitch"], (6 + semitones).remainder(12))
        assert torch.equal(frames.labels["octave"], 2 + ((6 + semitones) / 12).floor())
    # A guessed key is a key: its windows are heard in one and wanted in another.
    assert not torch.equal(given.frames, target.frames)


def test_known_labels_and_none_at_all_leave_a_batch_alone():
    teacher = Teacher()
    state = torch.get_rng_state()
    known = torch.ones(2)
    batch = {"waveform": torch.zeros(2, 9), "labels": {"pitch": known, "octave": known}}
    assert with_pseudo_labels(teacher, batch, 0.0) is batch
    teacher.prediction = Prediction(None, 9, 9, Conditioning())
    batch["labels"]["pitch"] = torch.full((2,), NAN)
    assert with_pseudo_labels(teacher, batch, 0.0) is batch
    assert torch.equal(torch.get_rng_state(), state)


def test_the_teacher_is_the_running_average():
    class Still(Objective):
        pass

    model = nn.Linear(1, 1, bias=False)
    training = Training(model, Still(model), average_decay=0.9)
    teacher = training.objective.averaged_model
    assert teacher is training.averaged_model() and teacher is not model
    nn.init.constant_(teacher.weight, 0.0)
    nn.init.constant_(model.weight, 1.0)
    for _ in range(3):
        training.average.update_parameters(model)
    # The first update copies; from 1 on there is nothing to move.
    assert float(teacher.weight) == 1.0
    nn.init.constant_(model.weight, 0.0)
    expected = 1.0
    for count in range(3, 6):
        training.average.update_parameters(model)
        expected *= min(0.9**4, (count + 1) / (count + 10))
    assert float(teacher.weight) == pytest.approx(expected)


def labelled(folder, known: int):
    """Eight tones, of which `known` are labelled with a class of two."""
    folder.mkdir()
    write_recordings(folder)
    place = folder / "metadata" / "kind"
    place.mkdir(parents=True)
    lines = (f"{i}.wav\t{i % 2 if i < known else 'none'}\n" for i in range(8))
    (place / "metadata.txt").write_text("".join(lines))
    return folder


TASKS = "model.prediction={kind: {dim: 2, args: {hidden_dims: 8}}}"
ALL_SURE = "training.pseudo_labels=0.5"  # of two classes one is always that likely


def weights_of(root, rundir, *overrides):
    folder = train_new(root, rundir, TASKS, "trainer.max_epochs=1", *overrides)
    return load_run(folder).model.state_dict()


@pytest.mark.parametrize(("known", "is_same"), [(8, True), (2, False)])
def test_they_change_a_training_only_where_labels_are_unknown(tmp_path, known, is_same):
    root = labelled(tmp_path / "tones", known)
    weights = [weights_of(root, tmp_path, key) for key in (ALL_SURE, "training.pseudo_labels=null")]
    assert all(torch.equal(weights[0][n], weights[1][n]) for n in weights[0]) == is_same


def test_a_training_goes_on_with_the_teacher_that_it_had(tmp_path):
    root = labelled(tmp_path / "tones", 2)
    options = (TASKS, ALL_SURE, "training.optimiser.cooldown=0", "trainer.max_epochs=2")
    whole = train_new(root, tmp_path / "whole", *options)
    stopped = train_new(root, tmp_path / "stopped", *options, "+trainer.max_steps=9")
    resume(stopped, "trainer.max_steps=-1")
    assert_same_run(whole, stopped)


@pytest.mark.parametrize("least", [0.4, 1.1])
def test_a_confidence_out_of_range_is_refused(tmp_path, least):
    root = labelled(tmp_path / "tones", 8)
    with pytest.raises(
        InputError, match=r"training\.pseudo_labels must be a number from 0\.5 to 1"
    ):
        weights_of(root, tmp_path, f"training.pseudo_labels={least}")
