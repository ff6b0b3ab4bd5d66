"""A training that is stopped or killed goes on as if it never had been."""

import logging
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from resumed_trainings import (
    BATCHES,
    QUICK,
    assert_same,
    assert_same_run,
    checkpoint_of,
    curves,
    resume,
    train_new,
)

from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.train import find_training
from vschaos2.families.vae.meanings import OWN
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.runs.lock import is_training, training_in
from vschaos2.training.position import random_state, set_random_state
from vschaos2.training.step import Training

# --- stopped ---


@pytest.fixture(scope="module")
def whole(recordings, tmp_path_factory) -> Path:
    """Four epochs without an interruption; the learning rate depends on no end."""
    rundir = tmp_path_factory.mktemp("whole")
    return train_new(recordings, rundir, "trainer.max_epochs=4", STEADY)


STEADY = "training.optimiser.cooldown=0"


@pytest.mark.parametrize("steps", [1, BATCHES - 1, BATCHES, BATCHES + 3])
def test_longer_training_is_the_one_that_was_longer_from_the_start(
    whole, recordings, tmp_path, steps: int
):
    limits = ("trainer.max_epochs=4", f"+trainer.max_steps={steps}", STEADY)
    folder = train_new(recordings, tmp_path, *limits)
    assert checkpoint_of(folder)["position"] == {
        "epoch": steps // BATCHES,
        "batch": steps % BATCHES,
        "step": steps,
    }
    resume(folder, "trainer.max_steps=-1")
    assert_same_run(whole, folder)


def test_a_learning_rate_that_is_a_whole_number_goes_on(recordings, tmp_path):
    folder = train_new(
        recordings, tmp_path, "trainer.max_epochs=1", "training.optimiser.learning_rate=1"
    )
    resume(folder, "trainer.max_epochs=2")
    assert checkpoint_of(folder)["position"]["epoch"] == 2


def test_sums_of_gradients_continue_in_whole_steps(recordings, tmp_path):
    limits = ("trainer.max_epochs=3", STEADY, "+trainer.accumulate_grad_batches=2")
    whole = train_new(recordings, tmp_path, "name=whole", *limits)
    part = train_new(recordings, tmp_path, "name=part", *limits, "+trainer.max_steps=6")
    assert checkpoint_of(part)["position"] == {"epoch": 1, "batch": 4, "step": 6}
    assert_same_run(whole, resume(part, "trainer.max_steps=-1"))


def test_ctrl_c_is_no_end(whole, recordings, tmp_path, monkeypatch):
    def interrupt(self, outputs, batch, index):
        after(self, outputs, batch, index)
        if self.global_step == BATCHES + 2:
            signal.raise_signal(signal.SIGINT)

    after = Training.on_train_batch_end
    with monkeypatch.context() as patch:
        patch.setattr(Training, "on_train_batch_end", interrupt)
        folder = train_new(recordings, tmp_path, "trainer.max_epochs=4", STEADY)
    stopped = checkpoint_of(folder)
    assert not stopped["is_over"]
    assert stopped["position"] == {"epoch": 1, "batch": 2, "step": BATCHES + 2}
    resume(folder)
    assert checkpoint_of(folder)["is_over"]
    one, other = checkpoint_of(whole), checkpoint_of(folder)
    for key in ("state_dict", "optimizer_states", "random_state", "latents"):
        assert_same(one[key], other[key], key)
    # Stopping looked once more at the held-out files: one row more, and the others are the same.
    rows = [(f / "metrics.csv").read_text().splitlines() for f in (whole, folder)]
    assert len(rows[1]) == len(rows[0]) + 1
    assert set(rows[0]) < set(rows[1])


def test_finished_training_says_so_and_what_to_give(whole, caplog):
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    with caplog.at_level(logging.INFO):
        assert resume(whole.parent) == whole
    assert f"{whole}: is finished, after 4 epochs: to go on, give more" in caplog.text
    assert "trainer.max_epochs=8" in caplog.text
    assert {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


def test_finished_training_says_so_without_its_recordings(whole, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        assert resume(whole, f"data.dataset.root={tmp_path / 'nowhere'}") == whole
    assert "is finished, after 4 epochs" in caplog.text


def test_time_that_was_used_counts_and_the_rest_is_planned_with_it(
    recordings, tmp_path, caplog, monkeypatch
):
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=1")
    path = folder / "checkpoints" / "last.ckpt"
    save_checkpoint(path, {**read_checkpoint(path), "seconds": 3600.0})
    with caplog.at_level(logging.INFO):
        resume(folder, "trainer.max_epochs=-1", "trainer.max_time=00:01:00:00")
    assert "is finished, after 00:01:00:00" in caplog.text
    parts = []

    def watch(self, batch, index):
        parts.append(self.progress())
        self.trainer.should_stop = True

    monkeypatch.setattr(Training, "on_train_batch_start", watch)
    resume(folder, "trainer.max_epochs=-1", "trainer.max_time=00:04:00:00")
    assert parts == [pytest.approx(0.25, abs=0.01)]
    assert checkpoint_of(folder)["seconds"] == pytest.approx(3600, abs=60)


def test_without_a_checkpoint_it_starts_over_in_its_folder(whole, recordings, tmp_path, caplog):
    limits = ("trainer.max_epochs=4", STEADY)
    folder = train_new(recordings, tmp_path, *limits)
    for path in (folder / "checkpoints").iterdir():
        path.unlink()
    with caplog.at_level(logging.INFO):
        assert resume(folder.parent) == folder
    assert "has no checkpoint yet, it starts from the beginning" in caplog.text
    assert_same_run(whole, folder)
    assert curves(whole) == curves(folder)


def test_run_continues_where_it_was_moved_and_its_best_stays_the_best(recordings, tmp_path):
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=1")
    path = folder / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(path)
    checkpoint["callbacks"]["best"]["score"] = -1.0
    save_checkpoint(path, checkpoint)
    best = (folder / "checkpoints" / "best.ckpt").read_bytes()
    moved = tmp_path / "elsewhere" / "version_3"
    moved.parent.mkdir()
    folder.rename(moved)
    assert resume(moved, "trainer.max_epochs=2") == moved
    assert checkpoint_of(moved)["position"]["epoch"] == 2
    assert (moved / "checkpoints" / "best.ckpt").read_bytes() == best
    assert not folder.exists()


def test_reports_are_paid_for_out_of_the_account_that_was_left(recordings, tmp_path):
    eager = ("callbacks.monitor.first_seconds=0", "callbacks.monitor.seconds=0.1")
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=1", *eager)
    reports = sorted((folder / "samples").glob("*/step_*"))
    assert len(reports) == 1  # the first one comes on credit
    path = folder / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(path)
    account = checkpoint["callbacks"]["Monitor"]
    assert 0 < account["spent"] <= sum(account["costs"].values())
    account["spent"] = 1000.0
    save_checkpoint(path, checkpoint)
    resume(folder, "trainer.max_epochs=2")
    assert sorted((folder / "samples").glob("*/step_*")) == reports  # and now it is in debt
    assert checkpoint_of(folder)["callbacks"]["Monitor"] == account


def test_changed_recordings_are_told_of(recordings, tmp_path, caplog):
    root = tmp_path / "recordings"
    root.mkdir()
    for path in sorted(recordings.glob("*.wav"))[:4]:
        (root / path.name).write_bytes(path.read_bytes())
    folder = train_new(root, tmp_path, "trainer.max_epochs=1")
    resume(folder, "trainer.max_epochs=2")
    assert "recordings were added" not in caplog.text
    (root / "new.wav").write_bytes((recordings / "7.wav").read_bytes())
    resume(folder, "trainer.max_epochs=3")
    assert "recordings were added, removed or changed" in caplog.text


# --- refused ---


def refusal(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        resume(path, *overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "override",
    [
        *("model.latent_dim=8", "data.loader.batch_size=3", "training.losses.l1=2", "seed=1"),
        *("data.dataset.n_files=2", "name=other", "+model.output=normal", "~model.output"),
    ],
)
def test_what_would_change_the_training_is_refused(whole, override: str):
    before = (whole / "config.yaml").read_bytes()
    message = refusal(whole, override)
    assert override.lstrip("+~").split("=")[0] in message
    assert f"model.init_from={whole}" in message
    assert (whole / "config.yaml").read_bytes() == before


def test_same_command_line_as_before_is_no_change(whole, recordings):
    same = [f"data.dataset.root={recordings}", f"rundir={whole.parent.parent}", *QUICK]
    assert find_training(whole, same).config == find_training(whole, []).config


def test_mistakes_of_the_command_line_are_one_line(whole, tmp_path):
    assert "did you mean 'max_epochs'" in refusal(whole, "trainer.max_epoch=5")
    assert "no key=value" in refusal(whole, "trainer.max_epochs")
    assert "no such run folder" in refusal(tmp_path / "nowhere")
    assert "save_every_s must be" in refusal(whole, "callbacks.save_every_s=-1")


def test_runs_that_do_not_say_where_they_stood_are_refused(recordings, tmp_path):
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=1")
    path = folder / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(path)
    checkpoint.pop("position")
    save_checkpoint(path, checkpoint)
    assert "does not say where it stood" in refusal(folder)
    path.unlink()
    assert "last.ckpt is missing" in refusal(folder)  # and its best.ckpt is not overwritten


def test_one_training_at_a_time_in_a_folder(whole):
    assert not is_training(whole)
    with training_in(whole):
        assert is_training(whole)
        assert "is being trained by another process" in refusal(whole, "trainer.max_epochs=9")
    assert not is_training(whole)


# --- what it is made of ---


@pytest.mark.parametrize("processes", [1, 3])
def test_chance_goes_on_where_it_was(processes: int):
    def draws() -> list:
        return [torch.rand(3).tolist(), np.random.randn(3).tolist(), random.gauss(0, 1)]

    draws()
    state = random_state(torch.device("cpu"))
    first = draws()
    draws()
    # As a checkpoint holds those of several processes: the last begins anywhere in memory.
    set_random_state(state.repeat(processes, 1)[-1], torch.device("cpu"))
    assert draws() == first


# --- from another run's weights ---


def test_training_begins_with_the_weights_and_the_level_of_another(whole, recordings, tmp_path):
    still = ("trainer.max_epochs=1", "training.optimiser.learning_rate=0")
    folder = train_new(recordings, tmp_path, f"model.init_from={whole}", "seed=7", *still)
    old, new = load_run(whole).model.state_dict(), load_run(folder).model.state_dict()
    assert set(OWN) <= set(old) == set(new)
    for name in set(old) - set(OWN):
        torch.testing.assert_close(new[name], old[name], rtol=0, atol=1e-6, msg=name)
    assert str(whole) in (folder / "config.yaml").read_text()


def test_run_does_not_need_the_one_it_began_with(whole, recordings, tmp_path):
    other = tmp_path / "other"
    whole.rename(other)
    try:
        folder = train_new(recordings, tmp_path, f"model.init_from={other}", "trainer.max_epochs=1")
    finally:
        other.rename(whole)
    before = checkpoint_of(folder)["state_dict"]
    assert checkpoint_of(folder)["position"]["epoch"] == 1
    resume(folder, "trainer.max_epochs=2")
    assert checkpoint_of(folder)["position"]["epoch"] == 2
    after = checkpoint_of(folder)["state_dict"]
    assert any(not torch.equal(after[name], before[name]) for name in before)


def test_nothing_in_common_is_refused_before_there_is_a_folder(whole, recordings, tmp_path):
    with pytest.raises(InputError, match="no weight of"):
        sizes = [f"model.{part}.hidden_dim=24" for part in ("encoder", "decoder")]
        sizes += [f"model.{part}.linear=false" for part in ("encoder", "decoder")]
        sizes.append("model.coherence_dim=24")
        limits = ("trainer.max_epochs=1", f"model.init_from={whole}")
        train_new(recordings, tmp_path / "runs", *sizes, *limits)
    assert not (tmp_path / "runs").exists()
