"""From a trained VAE to NAME.ts, its card NAME.json and its patches, in one call."""

from pathlib import Path

from vschaos2.export.card import BLOCKS
from vschaos2.export.write import check_name, export_playable, facts_of
from vschaos2.families.vae.playable import playable
from vschaos2.runs.folder import Run


def export_run(
    run: Run,
    folder: Path,
    name: str,
    projection: str = "pca",
    latent_dims: float | None = None,
    inversion: str = "balanced",
    blocks: int = BLOCKS,
    confidence: bool = False,
) -> Path:
    """Export a trained VAE: see `playable` for the wishes, `export_playable` for the rest.

    Returns:
        The path of NAME.ts.
    """
    check_name(name)
    wishes = {
        "projection": projection,
        "latent_dims": latent_dims,
        "inversion": inversion,
        "confidence": confidence,
    }
    return export_playable(playable(run, wishes), facts_of(run), folder, name, blocks)
