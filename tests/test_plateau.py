"""A training that learns no more comes to its end, the same one however often it was stopped."""

import logging
import signal
from types import SimpleNamespace

import pytest
from resumed_trainings import BATCHES, assert_same, checkpoint_of, resume, train_new

from vschaos2.runs.measure import Measure
from vschaos2.training import plateau
from vschaos2.training.optimisation import rate_factor
from vschaos2.training.plateau import Plateau, end_of, is_better, is_plateau
from vschaos2.training.step import Training

KEY = "validation/x"
KEPT = ("state_dict", "optimizer_states", "random_state", "position", "latents")


def test_a_trifle_is_no_better_and_anything_is_better_than_nothing():
    assert is_better(5.0, float("inf"))
    assert is_better(0.99, 1.0) and not is_better(0.996, 1.0) and not is_better(1.0, 1.0)
    assert is_better(-1.01, -1.0) and not is_better(-1.004, -1.0)
    assert not is_better(float("nan"), 1.0) and not is_better(float("nan"), float("inf"))


def test_a_third_of_all_steps_without_a_better_one_is_a_plateau():
    assert is_plateau(9000, 6000, 1 / 3) and not is_plateau(8999, 6000, 1 / 3)
    assert is_plateau(5000, 0, 1.0) and not is_plateau(4999, 0, 0.01)


@pytest.mark.parametrize(
    ("step", "cooldown", "every", "end"),
    [(600, 0.4, 200, 1000), (600, 0.4, 300, 1200), (700, 0.0, 100, 700), (701, 0.0, 100, 800)],
)
def test_the_learning_rate_has_its_part_of_the_whole_to_fall(step, cooldown, every, end):
    assert end_of(step, cooldown, every) == end


def run_through(scores, patience, progress=0.0, cooldown=0.4):
    """The callback and its trainer after a validation every 1000 steps."""
    watch = Plateau(Measure(KEY), patience)
    trainer = SimpleNamespace(
        global_step=0, callbacks=[watch], callback_metrics={}, should_stop=False,
        num_training_batches=1000, check_val_every_n_epoch=1, accumulate_grad_batches=1,
        is_global_zero=True,
    )  # fmt: skip
    module = SimpleNamespace(cooldown=cooldown, progress=lambda: progress)
    for score in scores:
        trainer.global_step += 1000
        trainer.callback_metrics[KEY] = score
        watch.on_validation_end(trainer, module)
        if trainer.should_stop:
            break
    return watch, trainer


def test_it_ends_where_the_cooldown_of_its_plateau_does():
    watch, trainer = run_through([3, 2, 1, 1, 1, *[1] * 20], patience=1 / 3)
    # Best at 3000; the last two fifths of 5000 have brought nothing: 5000 / 0.6, in whole epochs.
    assert (watch.best_step, watch.end, trainer.global_step) == (3000, 9000, 9000)


def test_better_validations_of_the_cooldown_do_not_lengthen_it():
    watch, trainer = run_through([3, 2, 1, 1, 1, 0.5, 0.4, 0.3, 0.2, 0.1], patience=1 / 3)
    assert (watch.end, trainer.global_step) == (9000, 9000)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": None},
        {"patience": 0.33, "progress": 0.6},  # the rate falls already
        {"patience": 0.33, "cooldown": 1.0},  # it always does
    ],
)
def test_no_end_where_none_is_wanted(options):
    watch, trainer = run_through([1] * 30, **options)
    assert (watch.end, Plateau.end_for(trainer), trainer.should_stop) == (0, 0, False)


def test_what_goes_on_learning_and_what_is_not_measured_go_on():
    assert not run_through([0.98**k for k in range(30)], 0.33)[1].should_stop
    assert not run_through([float("nan")] * 30, 0.33)[1].should_stop


# --- trainings ---


@pytest.fixture
def early(monkeypatch):
    """Plateaus within a few steps: nothing is better than the first validation."""
    monkeypatch.setattr(plateau, "LEAST_STEPS", 2 * BATCHES)
    monkeypatch.setattr(plateau, "LEAST_GAIN", 1.0)


LIMITS = ("trainer.max_epochs=9", "callbacks.patience=0.3")
END = 4 * BATCHES  # a plateau after two epochs: 14 / 0.6 steps, in whole epochs


def stopped_at(step, monkeypatch, train):
    """A training that Ctrl-C ends after some step."""
    after = Training.on_train_batch_end

    def interrupt(self, outputs, batch, index):
        after(self, outputs, batch, index)
        if self.global_step == step:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "on_train_batch_end", interrupt)
        return train()


def test_it_ends_by_itself_and_the_same_when_stopped_before_and_after_its_plateau(
    early, recordings, tmp_path, monkeypatch, caplog
):
    with caplog.at_level(logging.INFO):
        whole = train_new(recordings, tmp_path, "name=whole", *LIMITS)
    assert (
        "has not improved since step 7 of 14: the learning rate falls, and the training ends"
        in (caplog.text)
    )
    expected = checkpoint_of(whole)
    assert expected["is_over"] and expected["position"]["step"] == END
    (optimiser,) = expected["optimizer_states"]
    rate = 2e-3 * rate_factor(END - 1, (END - 1) / END, 100, 0.4)
    assert optimiser["param_groups"][0]["lr"] == pytest.approx(rate)

    def begin():
        return train_new(recordings, tmp_path, "name=parts", *LIMITS)

    parts = stopped_at(BATCHES + 2, monkeypatch, begin)
    assert checkpoint_of(parts)["callbacks"]["plateau"]["end"] == 0
    stopped_at(2 * BATCHES + 3, monkeypatch, lambda: resume(parts))
    assert checkpoint_of(parts)["callbacks"]["plateau"]["end"] == END
    resume(parts)
    found = checkpoint_of(parts)
    for key in KEPT:
        assert_same(expected[key], found[key], key)
    assert_same(expected["callbacks"]["plateau"], found["callbacks"]["plateau"])

    with caplog.at_level(logging.INFO):
        resume(parts)
    assert f"is finished, after {END} steps, as it learnt no more" in caplog.text
    resume(parts, "callbacks.patience=null", "trainer.max_epochs=5")
    assert checkpoint_of(parts)["position"]["step"] == 5 * BATCHES


def test_a_run_that_knows_of_no_patience_ends_where_it_was_told(early, recordings, tmp_path):
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=2", "~callbacks.patience")
    resume(folder, "trainer.max_epochs=6")
    assert checkpoint_of(folder)["position"]["step"] == 6 * BATCHES
