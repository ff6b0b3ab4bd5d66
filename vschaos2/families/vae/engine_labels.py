"""What the small engine (engine/families/vae_labels.cc) knows of an instrument's labels."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from vschaos2.export.for_engine import Source
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.conditioning import OneHot, Table
from vschaos2.labels.ports import LabelPort


def class_names(label: LabelPort) -> list[str]:
    """What a class is called, or else its place; nothing for a value."""
    if label.dim == 1:
        return []
    return [*label.classes[: label.dim], *map(str, range(len(label.classes), label.dim))]


def label_settings(core: InstrumentCore) -> dict[str, Any]:
    """Labels and what guesses them, in their order."""
    told, model = core.labels, core.model
    given = model.conditioning
    rows = [
        {
            "embedding": task.embedding,
            "classes": task.dim,
            "width": embedding.width,
            "encoder": given.on_encoder[place],
            "decoder": given.on_decoder[place],
            "guess": int(told.frame_source[place]),
            "latent_guess": int(told.latent_source[place]),
        }
        for place, (task, embedding) in enumerate(
            zip(given.tasks.values(), given.embeddings, strict=True)
        )
    ]
    return {
        "labels": rows,
        "predictors": [_predictor(each) for each in model.prediction.predictors],
        "confidence": core.confidence,
    }


def _predictor(predictor: nn.Module) -> dict[str, Any]:
    layers = [layer for layer in predictor.layers if isinstance(layer, nn.Linear)]  # type: ignore[union-attr]
    return {
        "reads_latents": predictor.reads_latent,
        "classes": layers[-1].out_features if predictor.categorical else 0,
        "widths": [layer.out_features for layer in layers],
    }


def label_modules(model: VAE) -> Iterator[tuple[str, str]]:
    """The engine's names of predictors' layers, and the model's."""
    for place, predictor in enumerate(model.prediction.predictors):
        layers: Any = predictor.layers
        for number in range((len(layers) + 1) // 2):
            path = f"prediction.predictors.{place}.layers.{2 * number}"
            yield f"predictor{place}.layer{number}", path


def label_tensors(model: VAE) -> Iterator[tuple[str, Source]]:
    """The engine's names of tables and scales, and the file's."""
    for place, embedding in enumerate(model.conditioning.embeddings):
        path = f"core.model.conditioning.embeddings.{place}"
        if isinstance(embedding, Table):
            yield f"label{place}.table", f"{path}.weight"
        elif not isinstance(embedding, OneHot):
            yield f"label{place}.mean", f"{path}.mean"
            yield f"label{place}.std", f"{path}.std"
    for place, predictor in enumerate(model.prediction.predictors):
        if not predictor.categorical:
            path = f"core.model.prediction.predictors.{place}.scale"
            yield f"predictor{place}.mean", f"{path}.mean"
            yield f"predictor{place}.std", f"{path}.std"
