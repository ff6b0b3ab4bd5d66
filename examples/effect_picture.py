"""A picture of what a trained pedal makes of sounds, beside the device that it learnt from."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from plucked_strings import strings
from scipy.signal import stft

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.families.effect.rendering import rendered
from vschaos2.families.loading import load_run

SINE_HZ, SINE_SECONDS, CURVE_SECONDS = 110.0, 1.0, 0.02
SOUND_SECONDS, SOUND_SEED = 4.0, 3
TOP_HZ = 12_000


def draw(
    run_folder: Path,
    device: Callable[..., np.ndarray],
    recorded_db: Sequence[float],
    never_recorded_db: float,
    picture: Path,
) -> dict[float, float]:
    """Draw curves at every setting and spectra at one; return the ESR of every setting.

    Args:
        run_folder: of an effect with one knob, the drive.
        device: dry [T], rate, drive_db → wet [T].
        recorded_db: settings that it was trained at.
        never_recorded_db: another, of which the spectra are drawn.
        picture: file to write.
    """
    run = load_run(run_folder)
    model, shift = run.model, int(run.kept.get("latency_removed_samples", 0))
    rate_hz = model.rate_hz

    def recorded(dry: np.ndarray, drive_db: float) -> np.ndarray:
        """The device's sound in line as it was when it was learnt."""
        wet = device(np.pad(dry, abs(shift)), rate_hz, drive_db=drive_db)
        return wet[abs(shift) + shift :][: len(dry)]

    def played(dry: np.ndarray, drive_db: float) -> np.ndarray:
        knobs = np.array([[drive_db]], np.float32)
        return rendered(model, dry[None].astype(np.float32), knobs)[0]

    t = np.arange(round(SINE_SECONDS * rate_hz)) / rate_hz
    sine, last = 0.5 * np.sin(2 * np.pi * SINE_HZ * t), round(CURVE_SECONDS * rate_hz)
    sound = strings(SOUND_SECONDS, SOUND_SEED, rate_hz)
    settings = sorted((*recorded_db, never_recorded_db))
    figure = plt.figure(figsize=(3.2 * len(settings), 8), layout="constrained")
    upper, lower = figure.subfigures(2, 1)
    ratios = {}
    for column, drive_db in enumerate(settings):
        wet, ours = recorded(sound, drive_db), played(sound, drive_db)
        ratios[drive_db] = float(np.square(ours - wet).sum() / np.square(wet).sum())
        axis = upper.add_subplot(1, len(settings), column + 1)
        curves = recorded(sine, drive_db), played(sine, drive_db)
        for curve, name, style in zip(curves, ("device", "model"), ("-", "--"), strict=True):
            axis.plot(sine[-last:], curve[-last:], style, linewidth=1.4, label=name)
        note = " (never recorded)" if drive_db == never_recorded_db else ""
        axis.set_title(f"drive {drive_db:g} dB{note}\nESR {ratios[drive_db]:.4f}", fontsize=9)
        axis.set_xlabel(f"in: a sine of {SINE_HZ:g} Hz", fontsize=8)
        if column == 0:
            axis.set_ylabel("out")
            axis.legend(fontsize=8, frameon=False)
    wet, ours = recorded(sound, never_recorded_db), played(sound, never_recorded_db)
    named = {"dry": sound, "device": wet, "model": ours, "what is left": ours - wet}
    peak = float(np.abs(stft(wet, rate_hz, nperseg=2048)[2]).max())
    for column, (name, heard) in enumerate(named.items()):
        axis = lower.add_subplot(1, len(named), column + 1)
        hz, seconds, spectrum = stft(heard, rate_hz, nperseg=2048)
        level = 20.0 * np.log10(np.maximum(np.abs(spectrum) / peak, 1e-5))
        axis.imshow(
            level[hz <= TOP_HZ],
            origin="lower",
            aspect="auto",
            extent=(0.0, float(seconds[-1]), 0.0, TOP_HZ / 1000),
            vmin=-90,
            vmax=0,
            cmap="magma",
        )
        axis.set_title(f"{name}, drive {never_recorded_db:g} dB" if column else name, fontsize=9)
        axis.set_xlabel("seconds", fontsize=8)
        if column == 0:
            axis.set_ylabel("kHz")
    temporary = picture.with_name(f".{picture.name}.tmp")
    figure.savefig(temporary, dpi=110, format="png")
    plt.close(figure)
    temporary.replace(picture)
    return ratios
