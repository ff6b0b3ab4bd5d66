"""A named chain to play: an effect run of our own processors, NAME.ts with patches, and sound.

out/NAME.ts, NAME.json, NAME.pd, NAME.maxpat    for nn~ and vschaos~
out/runs/NAME/version_N                         the run that they are of: it can be trained on
out/chain.json                                  the answer, and the chain as a configuration
out/chain.yaml                                  by which exact settings are learnt from two takes
out/chain.py                                    for those who have pedalboard
out/re-rendered.wav                             the dry sound through it, where there is one
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf

from vschaos2.audio import SoundReader, read_channels
from vschaos2.audio.write import write_audio
from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.rack import Setup, items
from vschaos2.config import CONFIGS
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.export import export
from vschaos2.families.loading import load_run
from vschaos2.files import write_whole
from vschaos2.folders import made_folder
from vschaos2.overrides import composed
from vschaos2.recognition.answers import Answer, plain
from vschaos2.recognition.pedalboard_script import script
from vschaos2.recognition.swapping import Swapped
from vschaos2.runs.checkpoints import save_checkpoint
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.loading import AVERAGE

RATES_HZ = (44_100, 48_000)  # of a chain that is played
PEAK = 0.9  # of what is rendered, if it would be louder


def write_chain(told: Answer, setups: list[Setup], folder: Path, dry: Path | None) -> list[Path]:
    """Write a chain; → the files. Of no effect there is the answer only.

    Args:
        told: the answer.
        setups: the chain that it names first.
        folder: where to; made if missing.
        dry: what is rendered through it; None for nothing.

    Raises:
        InputError: for a place that cannot be written to.
        ExportError: if what is exported fails a check.
    """
    made_folder(folder)
    written = [folder / "chain.json"]
    content: dict[str, Any] = {**plain(told), "processors": items(setups)}
    if setups:
        rate_hz = rate_of(dry)
        name = _name(told.name)
        run = _run(setups, folder / "runs", name, rate_hz)
        written += [export(run, folder, name, {}), folder / "chain.yaml", folder / "chain.py"]
        write_whole(folder / "chain.yaml", to_learn(setups))
        write_whole(folder / "chain.py", script(setups))
        if dry is not None:
            written.append(folder / "re-rendered.wav")
            sound = read_channels(dry, rate_hz).mean(0, keepdims=True)
            wet = rendered(run.model, sound, np.zeros((0, 1), np.float32))
            loudest = max(float(np.abs(wet).max()), PEAK)
            write_audio(written[-1], (wet * (PEAK / loudest)).T, rate_hz)
    write_whole(written[0], json.dumps(content, indent=1) + "\n")
    return written


def rate_of(sound: Path | None) -> int:
    """The rate that a chain is made for: that of the dry sound, where hosts have it."""
    if sound is None:
        return RATES_HZ[0]
    with SoundReader(sound) as opened:
        return opened.sample_rate_hz if opened.sample_rate_hz in RATES_HZ else RATES_HZ[0]


def configuration(setups: list[Setup], rate_hz: int) -> DictConfig:
    """The configuration of an effect that is this chain, mono."""
    config = composed(CONFIGS, "effect_chain", [])
    config.data.dataset.root = "."
    config.data.dataset.sample_rate_hz = rate_hz
    config.model.net.processors = items(setups)
    config.model.update(channels_in=1, channels_out=1, knobs=None)
    return config


def to_learn(setups: list[Setup]) -> str:
    """A configuration by which a training begins at this chain and its settings."""
    model = {"net": {"processors": items(setups)}, "channels_in": 1, "channels_out": 1}
    content = {
        "defaults": ["effect_chain", "_self_"],
        "name": "chain",
        # Takes of some seconds are enough; what oscillates is found anew.
        "data": {
            "loader": {"window_samples": 65_536, "warm_up_ms": 500, "validation_seconds": 1.0}
        },
        "model": {**model, "knobs": None},
    }
    command = "python train_model.py --config-dir . --config-name chain data.dry=… data.wet=…"
    return f"# {command}\n{OmegaConf.to_yaml(OmegaConf.create(content))}"


def _run(setups: list[Setup], rundir: Path, name: str, rate_hz: int) -> Any:
    config = configuration(setups, rate_hz)
    config.update(name=name, rundir=str(rundir))
    model = build_model(config).eval()
    weights = {AVERAGE + key: value for key, value in model.state_dict().items()}
    folder = create_run_folder(rundir, name)
    save_config(folder, config)
    summary = {"step": 0.0, "epoch": 0.0, "seconds": 0.0}
    checkpoint = {"state_dict": weights, "summary": summary, "pairs": {}, "is_over": True}
    with torch.no_grad():
        save_checkpoint(folder / "checkpoints" / "best.ckpt", checkpoint)
    return load_run(folder)


def _name(file: str) -> str:
    """A name that hosts can load: of a recording's file, without what they misread."""
    plain_name = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(file).stem).strip("_-")[:60]
    return f"{plain_name or 'sound'}-chain"


def write_swapped(found: Swapped, names: tuple[str, str], folder: Path) -> None:
    """Write both orders as sound: FIRST-SECOND.wav and SECOND-FIRST.wav.

    Raises:
        InputError: for a place that cannot be written to.
    """
    made_folder(folder)
    loudest = max(float(np.abs(found.first).max()), float(np.abs(found.second).max()), PEAK)
    for order, sound in ((names, found.first), (names[::-1], found.second)):
        write_audio(folder / f"{'-'.join(order)}.wav", sound[:, None] * (PEAK / loudest), RATE_HZ)
