"""From a run folder to files beside each other: NAME.ts, its card NAME.json, its patches."""

import json
import logging
import os
import re
import shlex
import warnings
from pathlib import Path

import torch

from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS, card_table, measure_card
from vschaos2.export.checks import check_run
from vschaos2.export.nn_tilde import define_text_attributes
from vschaos2.export.operators import check_operators
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.projection import PROJECTIONS, count_axes, fit_axes
from vschaos2.families.vae.streaming_vae import StreamingVAE
from vschaos2.files import check_place
from vschaos2.folders import made_folder
from vschaos2.labels.ports import LabelPorts
from vschaos2.patches import patch_files
from vschaos2.placing import place_together
from vschaos2.runs.folder import NAME_BYTES, Run

logger = logging.getLogger(__name__)

UNSAFE = re.compile(r'[\\$,;{}"\x00-\x1f\x7f]|#(?=\d)|^ | $|  ')


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
        folder: where NAME.ts, NAME.json and the patches go; made if missing.
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
    check_name(name)
    if inversion not in MODES:
        raise InputError(f"inversion must be one of {', '.join(MODES)}, got {inversion!r}")
    if not len(run.kept.latents):
        raise InputError(f"{run.folder}: its checkpoint holds no training latents: train again")
    if confidence and not run.model.prediction.tasks:
        raise InputError(
            f"{run.folder}: guesses no labels to be confident of: leave --confidence out, or train "
            "with model.prediction"
        )
    check_run(run)
    made_folder(folder)
    target, card_place = folder / f"{name}.ts", folder / f"{name}.json"
    for place in (target, card_place):
        check_place(place)

    model = run.model
    axes = {
        kind: fit_axes(run.kept.latents, kind, model.unlabelled_magnitude) for kind in PROJECTIONS
    }
    if projection not in axes:
        raise InputError(f"projection must be one of {', '.join(PROJECTIONS)}, got {projection!r}")
    wanted = model.latent_dim if latent_dims is None else latent_dims
    shown = count_axes(axes[projection].explained, wanted)
    forward_mode = "live" if inversion == "live" else KEEP_INPUT
    core = InstrumentCore(
        model, axes, shown, forward_mode, inversion, confidence, is_hosted=True
    ).eval()
    ports = LabelPorts.of(model.conditioning, model.prediction, run.kept.classes, confidence)
    core.set_projection(PROJECTIONS.index(projection))
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
    # Into memory: libtorch, when a disk is full, ends the program from within.
    content = instrument.save_to_buffer()
    logger.info("%s: checking and measuring", target.name)
    card = measure_card(content, core, run, axes[projection], blocks, ports)
    patches = {folder / file: text for file, text in patch_files(name, card).items()}
    card_text = json.dumps(card, indent=2, allow_nan=False) + "\n"
    place_together({**patches, card_place: card_text, target: content})
    logger.info(card_table(target.name, card))
    return target


def check_name(name: str) -> None:
    """Refuse a name that hosts cannot load a model by.

    nn~ aborts Pd on fewer than three characters, and adds .ts to the name by itself. Patches hold a
    name as one word, in which spaces are escaped; what `UNSAFE` matches means something else in
    Pd's or Max's files.

    Raises:
        InputError: for such a name.
    """
    if "/" in name:
        raise InputError(f"name {name!r}: has a / in it: give the folder with -o, the name with -n")
    if len(name) < 3 or name.startswith("."):
        raise InputError(f"name {name!r}: nn~ needs a plain file name of at least three characters")
    if name.lower().endswith(".ts"):
        raise InputError(
            f"name {name!r}: the file is called that and .ts, and hosts would miss it: give "
            f"-n {shlex.quote(name[:-3])}"
        )
    if len(os.fsencode(name)) > NAME_BYTES:
        raise InputError(
            f"name {name!r} is too long, of {len(os.fsencode(name))} bytes: give -n one of at most "
            f"{NAME_BYTES}, as the names of patches are made of it"
        )
    unsafe = UNSAFE.search(name)
    if unsafe:
        raise InputError(
            f"name {name!r}: Pd and Max would misread {unsafe.group()!r} in it: choose another -n, "
            "of letters, digits, - and _, with single spaces between words"
        )
