"""A small pedal and its recordings, which tests of effects share: it bends, and dulls a little."""

from pathlib import Path

import numpy as np
import soundfile
from hydra import compose, initialize_config_dir
from scipy.signal import lfilter

from vschaos2.families.train import train

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
RATE = 16_000
TINY = (
    "data.loader.batch_size=8",
    "data.loader.batches_per_epoch=24",
    "data.loader.window_samples=128",
    "data.loader.windows_per_stream=8",
    "data.loader.validation_windows=4",
    "data.loader.validation_seconds=0.2",
    "model.net.hidden_dims=6",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "callbacks.monitor.enabled=false",
)
SETTINGS = (2.0, 4.0, 10.0)


def pedal(dry: np.ndarray, drive: float = 4.0) -> np.ndarray:
    """tanh of the driven sound, behind a one-pole low-pass of 1 - .3."""
    return lfilter([0.7], [1.0, -0.3], np.tanh(drive * dry))


def riff(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    """Decaying tones and noise, within ±.5."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    tones = sum(
        np.sin(2 * np.pi * f0 * t) * np.exp(-4.0 * ((t + phase) % 0.5))
        for f0, phase in zip(rng.uniform(100, 600, 3), rng.uniform(0, 0.5, 3), strict=True)
    )
    return 0.15 * tones + 0.01 * rng.standard_normal(len(t))


def write_pairs(root: Path, settings: tuple[float, ...] = (4.0,), late: int = 0) -> Path:
    """A folder of pairs: one dry riff, a wet one for each setting of the drive."""
    dry = riff()
    for folder in ("dry", "wet", "metadata/drive"):
        (root / folder).mkdir(parents=True)
    soundfile.write(root / "dry" / "riff.wav", dry, RATE, subtype="FLOAT")
    lines = []
    for drive in settings:
        name = "riff.wav" if len(settings) == 1 else f"riff@{drive:g}.wav"
        wet = np.concatenate((np.zeros(late), pedal(dry, drive)))[: len(dry)]
        soundfile.write(root / "wet" / name, wet, RATE, subtype="FLOAT")
        lines.append(f"wet/{name}\t{drive}")
    (root / "metadata/drive/metadata.txt").write_text("\n".join(lines))
    return root


def composed(root: Path, rundir: Path, *overrides: str, name: str = "effect_drive"):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        words = [f"data.dataset.root={root}", f"rundir={rundir}", *TINY, *overrides]
        return compose(name, overrides=words)


def train_pedal(root: Path, rundir: Path, *overrides: str, name: str = "effect_drive") -> Path:
    return train(composed(root, rundir, *overrides, name=name))
