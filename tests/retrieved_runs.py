"""Runs as retrieve.py leaves them, made of settings that are known, without a fit."""

import json
import math
from pathlib import Path

import torch
from omegaconf import OmegaConf

from vschaos2.api import compose
from vschaos2.families.effect.build import build_model
from vschaos2.processors.parameter import Ranges
from vschaos2.runs.checkpoints import save_checkpoint
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.loading import AVERAGE

SMALL = "model.net.processors=[peak,compressor,{space: {reverb_eq: false}}]"


def write_run(
    rundir: Path, name: str, preset: dict[str, float], *, chain: str = SMALL, rate_hz: int = 44100,
    losses: tuple[float, ...] = (1.0, 0.6, 0.5, 0.4), left: float = 0.05,
    begun: str = "2026-11-20T12:00:00+00:00", **meta: object,
) -> Path:  # fmt: skip
    """rundir/name/version_N with a chain at these settings; → its folder."""
    config = compose("effect_chain", "data.dataset.root=.", *([chain] if chain else []))
    config.data.dataset.sample_rate_hz = rate_hz
    config.model.update(channels_in=1, channels_out=2, knobs=None)
    config.update(name=name, rundir=str(rundir))
    model = build_model(config)
    model.net.chain.load_preset(preset)
    folder = create_run_folder(rundir, name)
    save_config(folder, OmegaConf.create(OmegaConf.to_container(config)))
    told = {
        "input": f"dry/{name}.wav", "target": f"wet/{name}.wav", "alignment": {"shift": 3},
        "losses": list(losses), "distance": left, "distance_unprocessed": 1.0, "begun": begun,
    }  # fmt: skip
    (folder / "meta.json").write_text(json.dumps(told | meta))
    state = {AVERAGE + key: each for key, each in model.state_dict().items()}
    summary = {"step": len(losses), "epoch": 0, "distance": left, "seconds": 1.0}
    save_checkpoint(
        folder / "checkpoints" / "best.ckpt",
        {"state_dict": state, "summary": summary, "pairs": {"driven_at_most_dbfs": -6.0}},
    )
    return folder


def drawn(count: int, chain: str = SMALL, seed: int = 0) -> list[dict[str, float]]:
    """Presets on two axes with a little besides: bright and dry to dark and wet, soft to hard."""
    config = compose("effect_chain", "data.dataset.root=.", *([chain] if chain else []))
    config.data.dataset.sample_rate_hz = 44100
    config.model.update(channels_in=1, channels_out=2, knobs=None)
    physical = build_model(config).net.chain.physical
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    second = torch.randn(count, 1, generator=generator, dtype=torch.float64)
    noise = 0.15 * torch.randn(count, len(physical), generator=generator, dtype=torch.float64)
    along = torch.zeros(2, len(physical), dtype=torch.float64)
    names = [each.name for each in physical]
    for axis, name, by in (
        (0, "reverb_db", -0.8), (0, "echo_db", -0.5), (1, "ratio", 0.9), (1, "threshold_db", -0.6),
        (0, "peak_gain_db", 0.7),
    ):  # fmt: skip
        for place in (n for n, each in enumerate(names) if each.endswith(name)):
            along[axis, place] = by
    ranges = Ranges(physical)
    middle = torch.tensor([each.default for each in physical], dtype=torch.float64)
    raw = ranges.raw(middle[:, None])[:, 0] + first * along[0] + second * along[1] + noise
    values = ranges(raw[..., None])[..., 0]
    assert all(map(math.isfinite, values.flatten().tolist()))
    return [dict(zip(names, row, strict=True)) for row in values.tolist()]
