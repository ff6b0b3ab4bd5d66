"""From a run folder to files beside each other: NAME.ts and its card NAME.json."""

import logging
import warnings
from pathlib import Path

import torch

from vschaos2.dsp.inversion import MODES
from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS, card_table, measure_card, write_card
from vschaos2.export.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.export.label_inlets import LabelPorts
from vschaos2.export.nn_tilde import define_text_attributes
from vschaos2.export.operators import check_operators
from vschaos2.export.streaming_vae import StreamingVAE
from vschaos2.models.projection import PROJECTIONS, count_axes, fit_axes
from vschaos2.models.vae import VAE
from vschaos2.runs import Run

logger = logging.getLogger(__name__)


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
    """Script a trained model, check and measure the file, and only then put it in its place.

    Args:
        run: the trained model.
        folder: where NAME.ts and NAME.json go; made if missing.
        name: of the files, at least three characters (nn~ aborts Pd on a shorter one).
        projection: axes shown at first, one of `PROJECTIONS`.
        latent_dims: axes shown: a count, a fidelity between 0 and 1, or None for all.
        inversion: phase recovery of `decode`; "live" serves `forward`, too, whose delay would
            else be longer with the input's phase than without.
        blocks: calls to time for each method and block size.
        confidence: an outlet for how sure each guessed label is.

    Returns:
        The path of NAME.ts.

    Raises:
        InputError: for a name, count or place that cannot be.
        ExportError, UnknownOperatorError: if the file fails a check; nothing is written then.
    """
    if len(name) < 3 or "/" in name or name.startswith("."):
        raise InputError(f"name {name!r}: nn~ needs a plain file name of at least three characters")
    if inversion not in MODES:
        raise InputError(f"inversion must be one of {', '.join(MODES)}, got {inversion!r}")
    if not len(run.latents):
        raise InputError(f"{run.folder}: its checkpoint holds no training latents: train again")
    if confidence and not run.model.prediction.tasks:
        raise InputError(
            f"{run.folder}: guesses no labels to be confident of: leave --confidence out, or train "
            "with model.prediction"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be made ({error.strerror}): choose another -o"
        ) from error

    model = run.model
    axes = {
        kind: fit_axes(run.latents, kind, lambda z: _magnitude(model, z)) for kind in PROJECTIONS
    }
    if projection not in axes:
        raise InputError(f"projection must be one of {', '.join(PROJECTIONS)}, got {projection!r}")
    wanted = model.latent_dim if latent_dims is None else latent_dims
    shown = count_axes(axes[projection].explained, wanted)
    forward_mode = "live" if inversion == "live" else KEEP_INPUT
    core = InstrumentCore(model, axes, shown, forward_mode, inversion, confidence).eval()
    ports = LabelPorts.of(model, run.classes, confidence)
    core.set_projection(PROJECTIONS.index(projection))
    target = folder / f"{name}.ts"
    temporary = folder / f".{name}.ts.tmp"
    try:
        with warnings.catch_warnings():
            # TorchScript is deprecated in torch, but it is what nn~ loads.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.filterwarnings("ignore", message="The TorchScript type system")
            streaming = StreamingVAE(
                torch.jit.script(core),
                core.hop,
                shown,
                model.transform.sample_rate_hz,
                torch.stack((axes[projection].lowest, axes[projection].highest), 1)[:shown],
                projection,
                forward_mode,
                inversion,
                ports,
            ).eval()
            instrument = torch.jit.script(streaming)
            define_text_attributes(instrument, streaming.label_names)
        check_operators(instrument)
        try:
            instrument.save(str(temporary))
        except RuntimeError as error:
            raise InputError(f"{folder}: cannot be written to: choose another -o") from error
        logger.info("%s: checking and measuring", target.name)
        card = measure_card(temporary, core, run, axes[projection], blocks, ports)
        write_card(target.with_suffix(".json"), card)
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
    logger.info("%s", card_table(target.name, card))
    return target


def _magnitude(model: VAE, latent: torch.Tensor) -> torch.Tensor:
    labels = latent.new_zeros(len(latent), len(model.conditioning.tasks))
    return model.transform.to_magnitude(model.decode(latent, labels).mean)
