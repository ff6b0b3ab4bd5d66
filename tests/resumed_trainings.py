"""Trainings of a tiny model, resumed and compared: what the tests of resuming share."""

from pathlib import Path

import numpy as np
import soundfile
import torch
from hydra import compose, initialize_config_dir
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vschaos2.families.train import find_training, train
from vschaos2.runs.checkpoints import read_checkpoint

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
BATCHES = 7
# As short as a check, which leaves no run.
TWO_STEPS = (
    *("trainer.max_epochs=1", "++trainer.limit_train_batches=2"),
    "++trainer.limit_val_batches=1",
)
QUICK = (
    "trainer.accelerator=cpu",
    "training.prior_minutes=null",
    "data.loader.batch_size=16",
    f"data.loader.batches_per_epoch={BATCHES}",
    "data.loader.validation_windows=32",
    "trainer.log_every_n_steps=3",
    "model.encoder.hidden_dim=16",
    "model.decoder.hidden_dim=16",
    "model.latent_dim=4",
)


def write_recordings(folder: Path) -> None:
    """Eight tones of a third of a second, each of a pitch of its own."""
    t = np.arange(16_384) / 44_100
    for i in range(8):
        tone = 0.1 * np.sin(2 * np.pi * (200 + 40 * i) * t + i)
        soundfile.write(folder / f"{i}.wav", tone, 44_100)


def train_new(root: Path, rundir: Path, *overrides: str) -> Path:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(
            "dgt_live",
            overrides=[f"data.dataset.root={root}", f"rundir={rundir}", *QUICK, *overrides],
        )
    return train(config)


def resume(path: Path, *overrides: str) -> Path:
    found = find_training(path, list(overrides))
    return train(found.config, found)


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, and what is in it."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def checkpoint_of(folder: Path, name: str = "last.ckpt") -> dict:
    return read_checkpoint(folder / "checkpoints" / name)


def assert_same(one, other, where: str = "") -> None:
    """The same structure, and every tensor the same to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{where}[{i}]")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


def assert_same_run(one: Path, other: Path) -> None:
    """The same curve, the same weights, the same state of everything that training moves."""
    assert (one / "metrics.csv").read_bytes() == (other / "metrics.csv").read_bytes()
    expected, shown = curves(one), curves(other)
    assert {tag: shown[tag] for tag in expected} == expected  # reports may add some of their own
    for name in ("last.ckpt", "best.ckpt"):
        a, b = checkpoint_of(one, name), checkpoint_of(other, name)
        for key in ("state_dict", "optimizer_states", "latents", "position", "random_state"):
            assert_same(a[key], b[key], key)
        assert_same(a["callbacks"]["best"], b["callbacks"]["best"])
        for summary in (a["summary"], b["summary"]):
            assert summary.pop("seconds") > 0
        assert_same(a["summary"], b["summary"])


def curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows of a run."""
    events = EventAccumulator(str(folder), {"scalars": 0}).Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in tags}
