"""A chain whose settings were found, as a run.

out/version_N/
    config.yaml, checkpoints/best.ckpt   a run like any other: it is exported, played, measured
    settings.json                        every setting, in its unit
    meta.json                            what it was found from, how loud that is, losses, seconds
    samples/                             sounds, and pictures of each processor and of the losses
"""

import json
import math
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from torch import Tensor

from vschaos2.audio.write import write_audio
from vschaos2.errors import InputError
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.grey import ChainNet
from vschaos2.files import write_whole
from vschaos2.objectives.loudness import loudness_lufs
from vschaos2.processors.chain import Chain
from vschaos2.retrieval.pictures import write_pictures
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.run_folder import write_run
from vschaos2.runs.checkpoints import save_checkpoint
from vschaos2.runs.folder import save_config
from vschaos2.runs.loading import AVERAGE
from vschaos2.terminal import printable


def chain_of(config: DictConfig, root: Path, rate_hz: int, out: Path, seed: int) -> Any:
    """The model of a configuration that is to be found, settled for sounds of a rate.

    Args:
        config: of an effect whose network is a chain; what stands on auto in it is settled here.
        root: folder that the sounds are from.
        rate_hz: of them.
        out: rundir/name of the run.
        seed: of the run.

    Raises:
        InputError: for a network that is no chain.
    """
    config.data.dataset.update(root=str(root), sample_rate_hz=rate_hz)
    config.model.update(channels_in=1, channels_out=2, knobs=None)
    config.update(name=out.name, rundir=str(out.parent), seed=seed)
    model = build_model(config).eval()
    if not isinstance(model.net, ChainNet):
        raise InputError("model.net: only a Chain of processors can be retrieved")
    return model


def write_chain(
    out: Path,
    config: DictConfig,
    model: Any,
    rendering: Rendering,
    sounds: dict[str, Tensor],
    meta: dict[str, Any],
    facts: dict[str, Any],
) -> Path:
    """Write a run, whole or not at all.

    Args:
        out: rundir/name.
        config: as `chain_of` settled it.
        model: its own.
        rendering: of its chain.
        sounds: "dry" and others, [C, T]; how loud each is goes into meta.json.
        meta: distance, losses and seconds, and whatever else there is to say of it.
        facts: what the card says of it.
    """
    rate_hz = rendering.rate_hz

    def fill(folder: Path) -> None:
        save_config(folder, config)
        samples = folder / "samples"
        samples.mkdir()
        for name, sound in sounds.items():
            write_audio(samples / f"{name}.wav", sound.numpy().T, rate_hz)
        write_pictures(samples, rendering, sounds["dry"][0], meta["losses"])
        _write(folder / "settings.json", settings_of(rendering.chain))
        loud = {name: _finite(loudness_lufs(x.numpy(), rate_hz)) for name, x in sounds.items()}
        _write(folder / "meta.json", {**meta, "lufs": loud})
        summary = {"step": len(meta["losses"]), "epoch": 0, "seconds": meta["seconds"]}
        weights = {AVERAGE + name: each for name, each in model.state_dict().items()}
        save_checkpoint(
            folder / "checkpoints" / "best.ckpt",
            {
                "state_dict": weights,
                "summary": summary | {"distance": meta["distance"]},
                "pairs": {
                    "driven_at_most_dbfs": round(
                        20.0 * math.log10(float(sounds["dry"].abs().max()) + 1e-6), 2
                    ),
                    **facts,
                },
            },
        )

    return write_run(out, fill)


def settings_said(folder: Path) -> list[str]:
    """A line for each setting of a run, but for the gains of a room's lines."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return [
        f"  {printable(name):<28} {each['value']:>10.4g} {each['unit']}"
        for name, each in settings.items()
        if not name[-1].isdigit() or not name.startswith("reverb_")
    ]


def settings_of(chain: Chain) -> dict[str, Any]:
    """Every setting of a chain: its value, its unit and its range."""
    values = chain.preset()
    return {
        each.name: {
            "value": float(f"{values[each.name]:.6g}"),
            "unit": each.unit,
            "lowest": each.least,
            "highest": each.most,
            "scale": each.scale,
        }
        for each in chain.physical
    }


def _finite(level: float) -> float | None:
    return round(level, 2) if math.isfinite(level) else None


def _write(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, indent=1) + "\n")
