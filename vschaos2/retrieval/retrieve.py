"""One pair into a run: the chain's settings, what was measured, and what they sound like.

out/version_N/
    config.yaml, checkpoints/best.ckpt   a run like any other: it is exported, played, measured
    settings.json                        every setting, in its unit
    meta.json                            the pair, how it lay, losses, seconds
    samples/                             dry, wet and retrieved sound
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig

from vschaos2.audio.write import write_audio
from vschaos2.data.pair_files import Pair
from vschaos2.data.pairs import rate_of, read_pair
from vschaos2.errors import InputError
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.grey import ChainNet
from vschaos2.files import write_whole
from vschaos2.processors.recursion import BLOCK
from vschaos2.progress import Progress
from vschaos2.retrieval.fit import Fit, Step
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.spectra import multi_scale_distance
from vschaos2.runs.checkpoints import save_checkpoint
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.loading import AVERAGE
from vschaos2.terminal import printable

LEAST_S, MOST_S = 6.0, 120.0  # of a pair; of a longer one the loudest stretch is heard


def retrieve(pair: Pair, config: DictConfig, out: Path, seed: int = 0) -> Path:
    """Fit a chain to a pair, and write it as a run.

    Args:
        pair: a dry and a wet recording.
        config: of an effect whose network is a chain of static processors (`effect_chain`); what
            stands on auto in it is settled by the pair.
        out: rundir/name.
        seed: of the order in which passages are heard.

    Returns:
        The run folder, out/version_N.

    Raises:
        InputError: for a pair that cannot be aligned or is shorter than six seconds, or a network
            that is no chain, or no chain that ends in a space.
    """
    begun, clock = datetime.now(UTC), time.monotonic()
    rate_hz = rate_of([pair])
    found = read_pair(pair, rate_hz, has_no_delay=True)
    dry = torch.from_numpy(found.dry.mean(0, dtype=np.float32))
    wet = torch.from_numpy(np.repeat(found.wet, 2, 0) if len(found.wet) == 1 else found.wet)
    if len(dry) < LEAST_S * rate_hz:
        raise InputError(
            f"{pair.wet}: has {len(dry) / rate_hz:.1f} s in common with {pair.dry}: "
            f"{LEAST_S:g} or more are needed"
        )
    first, count = _loudest(wet, round(MOST_S * rate_hz))
    dry, wet = dry[first : first + count], wet[:, first : first + count]
    config.data.dataset.update(root=str(pair.wet.parent), sample_rate_hz=rate_hz)
    config.model.update(channels_in=1, channels_out=2, knobs=None)
    config.update(name=out.name, rundir=str(out.parent), seed=seed)
    model = build_model(config).eval()
    if not isinstance(model.net, ChainNet):
        raise InputError("model.net: only a Chain of processors can be retrieved")
    fit = Fit(model.net.chain, dry, wet, rate_hz, seed)
    with Progress("fitting", "step", fit.steps) as progress:

        def told(step: Step) -> None:
            progress.say(f"{step.stage} {step.loss:.3f}")
            progress.update()

        fit.run(told)
    with torch.no_grad():
        made = Rendering(fit.chain, rate_hz).render(dry)
        distance = float(multi_scale_distance(made, wet))
        unprocessed = float(multi_scale_distance(dry.expand(2, -1), wet))
    folder = create_run_folder(out.parent, out.name)
    save_config(folder, config)
    _sounds(folder, rate_hz, dry=dry[None], wet=wet, retrieved=made)
    _write(folder / "settings.json", _settings(fit))
    _write(
        folder / "meta.json",
        {
            "input": str(pair.dry),
            "target": str(pair.wet),
            "alignment": found.alignment._asdict(),
            "heard_from_s": first / rate_hz,
            "heard_s": count / rate_hz,
            "dry_dbfs": _level_db(dry),
            "wet_dbfs": _level_db(wet),
            "distance": distance,
            "distance_unprocessed": unprocessed,
            "losses": [round(each, 5) for each in fit.losses],
            "begun": begun.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - clock, 1),
            "seed": seed,
        },
    )
    summary = {"step": len(fit.losses), "epoch": 0, "distance": distance}
    save_checkpoint(
        folder / "checkpoints" / "best.ckpt",
        {
            "state_dict": {AVERAGE + name: each for name, each in model.state_dict().items()},
            "summary": summary | {"seconds": time.monotonic() - clock},
            "pairs": {
                "driven_at_most_dbfs": round(20.0 * float(dry.abs().max().log10()), 2),
                "latency_removed_samples": int(found.alignment.shift),
                "distance_over_unprocessed": round(distance / unprocessed, 4),
            },
        },
    )
    return folder


def said(folder: Path) -> str:
    """What was found, for the terminal: a line of how near it is, and one for each setting."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    share = meta["distance"] / meta["distance_unprocessed"]
    lines = [f"{printable(folder)}: {share:.1%} of the way that the dry sound is from the wet one"]
    lines += [
        f"  {name:<28} {each['value']:>10.4g} {each['unit']}"
        for name, each in settings.items()
        if not name[-1].isdigit() or not name.startswith("reverb_")
    ]
    return "\n".join(lines)


def _loudest(wet: torch.Tensor, most: int) -> tuple[int, int]:
    """Where the loudest stretch of whole sub-blocks begins, and how long it is."""
    count = min(wet.shape[1], most) // BLOCK * BLOCK
    if count == wet.shape[1] // BLOCK * BLOCK:
        return 0, count
    power = torch.cat((torch.zeros(1), wet.double().square().sum(0).cumsum(0)))
    sums = power[count:] - power[:-count]
    return int(sums.argmax()), count


def _settings(fit: Fit) -> dict[str, Any]:
    values = fit.chain.preset()
    return {
        each.name: {
            "value": float(f"{values[each.name]:.6g}"),
            "unit": each.unit,
            "lowest": each.least,
            "highest": each.most,
        }
        for each in fit.chain.physical
    }


def _level_db(sound: torch.Tensor) -> float:
    return round(10.0 * float(torch.log10(sound.double().square().mean() + 1e-12)), 2)


def _sounds(folder: Path, rate_hz: int, **sounds: torch.Tensor) -> None:
    (folder / "samples").mkdir()
    for name, sound in sounds.items():
        write_audio(folder / "samples" / f"{name}.wav", sound.numpy().T, rate_hz)


def _write(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, indent=1) + "\n")
