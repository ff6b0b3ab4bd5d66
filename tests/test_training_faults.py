"""What happens to a training from outside, or to its numbers, costs no more than one line."""

import logging
import resource
import shutil
import signal
import sys
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from resumed_trainings import (
    BATCHES,
    TWO_STEPS,
    assert_same,
    assert_same_run,
    checkpoint_of,
    contents,
    resume,
    train_new,
)

from vschaos2.command_line import Ended
from vschaos2.errors import InputError
from vschaos2.families.train import find_training, train
from vschaos2.training import place, session
from vschaos2.training.step import Training

STEADY = "training.optimiser.cooldown=0"
UNWATCHED = "callbacks.monitor=null"


@pytest.fixture(scope="module")
def whole(recordings, tmp_path_factory) -> Path:
    rundir = tmp_path_factory.mktemp("whole")
    return train_new(recordings, rundir, "trainer.max_epochs=3", STEADY, UNWATCHED)


def after_step(monkeypatch, step: int, happens) -> None:
    """Let something happen at the end of a step."""
    before = Training.on_train_batch_end

    def and_then(self, outputs, batch, index):
        before(self, outputs, batch, index)
        if self.global_step == step:
            happens(self)

    monkeypatch.setattr(Training, "on_train_batch_end", and_then)


def refusal(*arguments) -> str:
    with pytest.raises(InputError) as caught:
        train_new(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- folders ---


@pytest.mark.parametrize("rank", ["0", "1"])
@pytest.mark.parametrize(
    "mistake",
    [
        *("callbacks.monitor.share=0.9", "callbacks.validate_every=0", "trainer.accelerator=tpu"),
        *("callbacks.save_every_s=-1", "callbacks.monitor=3", "+trainer.max_step=3"),
    ],
)
def test_mistakes_remove_no_run_and_leave_none(mistake, rank, recordings, tmp_path, monkeypatch):
    precious = tmp_path / "runs" / "precious" / "version_0" / "config.yaml"
    precious.parent.mkdir(parents=True)
    precious.write_text("a night's work")
    monkeypatch.setenv("NODE_RANK", rank)
    refusal(recordings, tmp_path / "runs", "name=x", mistake)
    assert list(contents(tmp_path)) == [precious]
    assert list((tmp_path / "runs").iterdir()) == [tmp_path / "runs" / "precious"]


def test_second_process_of_a_training_of_one_is_refused(recordings, tmp_path, monkeypatch):
    monkeypatch.setenv("NODE_RANK", "1")
    assert "NODE_RANK=1: says that another process" in refusal(recordings, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_mistake_found_after_the_folder_is_made_takes_it_back(recordings, tmp_path, monkeypatch):
    def fail(*_) -> None:
        raise InputError("too late")

    monkeypatch.setattr(session, "keep_freed_memory", fail)
    assert refusal(recordings, tmp_path, "name=x") == "too late"
    assert list((tmp_path / "x").iterdir()) == []


def test_what_others_put_into_a_new_folder_stays(tmp_path):
    folder = tmp_path / "version_0"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").touch()
    (folder / "checkpoints" / "foreign.ckpt").write_text("keep")
    place._take_back(folder)
    assert (folder / "checkpoints" / "foreign.ckpt").read_text() == "keep"
    link = tmp_path / "version_1"
    link.symlink_to(folder)
    (folder / "config.yaml").touch()
    place._take_back(link)
    assert (folder / "config.yaml").is_file()


def test_only_the_first_process_knows_a_run_folder():
    with pytest.raises(OSError, match="Not a directory"):
        place.NOWHERE.mkdir(parents=True)


@pytest.mark.parametrize("watched", [UNWATCHED, "callbacks.monitor.first_seconds=0"])
def test_run_folder_that_is_removed_while_it_trains_is_told(
    watched, recordings, tmp_path, monkeypatch
):
    after_step(monkeypatch, 4, lambda _: shutil.rmtree(tmp_path / "x" / "version_0"))
    message = refusal(recordings, tmp_path, "name=x", "trainer.max_epochs=2", watched)
    assert str(tmp_path / "x" / "version_0") in message
    assert "No such file or directory" in message
    assert list((tmp_path / "x").iterdir()) == []


@pytest.mark.parametrize("part", ["training", "callbacks", "trainer"])
@pytest.mark.parametrize("value", [None, 3])
def test_configuration_without_a_part_is_refused(whole, part: str, value):
    found = find_training(whole, [])
    config = OmegaConf.create({**OmegaConf.to_container(found.config), part: value})
    with pytest.raises(InputError, match=f"{part} is {value} and must hold key: value pairs"):
        train(config, found)


def test_callbacks_that_say_nothing_are_those_of_the_signature(whole, recordings):
    found = find_training(whole, [])
    config = OmegaConf.create({**OmegaConf.to_container(found.config), "callbacks": {}})
    assert train(config, found) == whole  # it is finished


# --- a full disk ---


@pytest.mark.parametrize("kilobytes", [0, 2, 40])
def test_training_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    whole, recordings, tmp_path, monkeypatch, kilobytes: int, capfd
):
    """0: nothing can be written; 2: the table fails; 40: the checkpoint does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(step) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, limits[1]))

    with monkeypatch.context() as patch:
        after_step(patch, BATCHES + 1, fill)
        try:
            options = ("name=x", "trainer.max_epochs=3", STEADY, UNWATCHED)
            message = refusal(recordings, tmp_path, *options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "the disk is full" in message and str(tmp_path) in message
    assert "Traceback" not in capfd.readouterr().err
    folder = tmp_path / "x" / "version_0"
    assert not list(folder.rglob(".*.tmp"))
    assert checkpoint_of(folder)["position"]["step"] == BATCHES
    assert_same_run(whole, resume(folder))


def test_new_training_on_a_full_disk_leaves_no_version(recordings, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    train_new(recordings, tmp_path, "name=cached", *TWO_STEPS, UNWATCHED)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        message = refusal(recordings, tmp_path, "name=x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "config.yaml: the disk is full" in message
    assert list((tmp_path / "x").iterdir()) == []


def test_reports_that_cannot_be_written_are_told_of_once(recordings, tmp_path, monkeypatch, caplog):
    def full(*_) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vschaos2.monitor.watching.write_report", full)
    eager = ("callbacks.monitor.first_seconds=0", "callbacks.monitor.share=0.5")
    tiny = ("callbacks.monitor.seconds=0.1", "callbacks.monitor.files=1")
    folder = train_new(recordings, tmp_path, "trainer.max_epochs=3", *eager, *tiny)
    lines = [line for line in caplog.messages if "training goes on" in line]
    assert lines and len(lines) == len({line.split()[1] for line in lines})
    assert checkpoint_of(folder)["is_over"]


# --- numbers ---


def test_divergence_stops_the_training_and_spares_the_last_checkpoint(
    recordings, tmp_path, monkeypatch
):
    @torch.no_grad()
    def leap(training: Training) -> None:
        for weight in training.model.parameters():
            weight *= 1e25

    after_step(monkeypatch, 1, leap)
    message = refusal(recordings, tmp_path, "name=x", "trainer.max_epochs=9", UNWATCHED)
    assert message.startswith("step ") and "training.optimiser.learning_rate" in message
    assert f"vschaos2 check {recordings}" in message
    assert not list((tmp_path / "x" / "version_0" / "checkpoints").iterdir())


@torch.no_grad()
def spoil(step: Training, what: str) -> None:
    if what == "weights":
        next(step.model.parameters())[:] = torch.inf
    elif what == "average":
        next(step.averaged_model().parameters())[:] = torch.nan
    else:
        next(iter(step.trainer.optimizers[0].state.values()))["exp_avg"][:] = torch.nan


@pytest.mark.parametrize("what", ["weights", "average", "optimiser"])
@pytest.mark.parametrize("step", [BATCHES + 2, 2 * BATCHES])
def test_what_is_not_finite_is_never_saved(what, step, recordings, tmp_path, monkeypatch):
    after_step(monkeypatch, step, lambda training: spoil(training, what))
    options = ("name=x", "trainer.max_epochs=9", UNWATCHED, "callbacks.save_every_s=0")
    message = refusal(recordings, tmp_path, *options)
    assert "finite" in message or "nan" in message
    for name in ("last.ckpt", "best.ckpt"):
        checkpoint = checkpoint_of(tmp_path / "x" / "version_0", name)
        assert checkpoint["position"]["step"] < step
        weights = checkpoint["state_dict"].values()
        assert all(bool(weight.isfinite().all()) for weight in weights)


def test_loss_of_held_out_files_that_is_not_finite_stops_the_training(
    recordings, tmp_path, monkeypatch
):
    real = Training._log

    def log(self, stage, found, size):
        total = found.total * torch.nan if stage == "validation" else found.total
        real(self, stage, found._replace(total=total), size)

    monkeypatch.setattr(Training, "_log", log)
    message = refusal(recordings, tmp_path, "trainer.max_epochs=2", UNWATCHED)
    assert message.startswith(f"step {BATCHES}: the loss of held-out files is nan")


# --- signals ---


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("least", [(), ("+trainer.min_epochs=3",)])
def test_signals_end_a_training_as_ctrl_c_does(
    whole, recordings, tmp_path, monkeypatch, caplog, name, code, least
):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    with monkeypatch.context() as patch:
        after_step(patch, BATCHES + 2, lambda _: signal.raise_signal(getattr(signal, name)))
        with pytest.raises(Ended) as ended:
            options = ("name=x", "trainer.max_epochs=3", STEADY, UNWATCHED, *least)
            train_new(recordings, tmp_path, *options)
    assert ended.value.code == code and ended.value.is_told
    told = [line for line in caplog.messages if "interrupted" in line]
    assert told == [
        f"interrupted by {name}: finishing this step and saving (again to quit at once)"
    ]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)) == before
    folder = tmp_path / "x" / "version_0"
    assert checkpoint_of(folder)["position"]["step"] == BATCHES + 2
    assert not checkpoint_of(folder)["is_over"]
    resume(folder)
    one, other = checkpoint_of(whole), checkpoint_of(folder)
    for key in ("state_dict", "optimizer_states", "random_state", "latents"):
        assert_same(one[key], other[key], key)


def test_signal_before_the_first_step_leaves_no_version(recordings, tmp_path, monkeypatch):
    def arrive(self) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Training, "on_fit_start", arrive)
    with pytest.raises(Ended) as ended:
        train_new(recordings, tmp_path, "name=x", UNWATCHED)
    assert ended.value.code == 143
    assert list((tmp_path / "x").iterdir()) == []


def test_second_ctrl_c_interrupts_at_once(recordings, tmp_path, monkeypatch):
    def twice(_) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    after_step(monkeypatch, BATCHES + 2, twice)
    before = signal.getsignal(signal.SIGTERM)
    # Shells let what runs in the background ignore it.
    own = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            train_new(recordings, tmp_path, "name=x", UNWATCHED)
        assert signal.getsignal(signal.SIGTERM) is before
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, own)
    assert checkpoint_of(tmp_path / "x" / "version_0")["position"]["step"] == BATCHES


def test_ignored_signal_stays_ignored(recordings, tmp_path, monkeypatch):
    """As under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        after_step(monkeypatch, 2, lambda _: signal.raise_signal(signal.SIGHUP))
        folder = train_new(recordings, tmp_path, "trainer.max_epochs=1", UNWATCHED)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert checkpoint_of(folder)["is_over"]


# --- what is said ---


def test_log_file_gets_a_line_an_epoch(recordings, tmp_path, caplog, capfd):
    assert not sys.stdout.isatty()
    with caplog.at_level(logging.INFO):
        train_new(recordings, tmp_path, "trainer.max_epochs=3", UNWATCHED)
    lines = [line for line in caplog.messages if line.startswith("epoch ")]
    assert [line.split(", loss")[0] for line in lines] == [
        f"epoch {epoch}, step {(epoch + 1) * BATCHES}" for epoch in range(3)
    ]
    assert all("held-out SC 0." in line for line in lines)
    written = capfd.readouterr()
    assert "\r" not in written.out + written.err
