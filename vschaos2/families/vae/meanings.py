"""What the numbers of a spectral VAE's weights stand for: bins, latent dimensions, classes."""

from collections.abc import Hashable, Mapping
from typing import Any

from torch import nn

from vschaos2.data.module import WindowDataModule
from vschaos2.families.vae.material import class_names
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.conditioning import Predictor, Table
from vschaos2.runs.folder import Run
from vschaos2.runs.meanings import Axis, Meaning, plain_meanings

OWN = ("loudest", "loudest_frame", "gain")  # measured on a model's own material


def transfer(
    model: VAE, data: WindowDataModule, source: Run
) -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """What the weights of a model and those of a run are about.

    The level of the transform and the scale of continuous labels come along: weights are right
    only for frames as they were trained on. They do not where the transform was another.
    """
    return shared_meanings(model, source.model, class_names(model, data), source.kept.classes)


def shared_meanings(
    model: VAE,
    source: VAE,
    classes: Mapping[str, list[str]],
    source_classes: Mapping[str, list[str]],
) -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """The meanings of two models; classes are matched by name where both know them by name.

    Args:
        model: one model.
        source: another.
        classes: names of the classes of each task of `model`, where they are known.
        source_classes: those of `source`.
    """
    shared = [task for task in classes if classes[task] and source_classes.get(task)]
    known = {task: source_classes[task] for task in shared}
    return meanings(model, {task: classes[task] for task in shared}), meanings(source, known)


def meanings(model: VAE, classes: Mapping[str, list[str]]) -> dict[str, Meaning]:
    """What every tensor of a model's state is about, by its name.

    Args:
        model: the model.
        classes: names of the classes of those tasks whose classes are known by name; those of
            others are known by number.
    """
    found = {}
    for name, (_, value, axes) in plain_meanings(model).items():
        if name in OWN:
            continue
        part = name.split(".")[0]
        key: Hashable = (name, type(getattr(model, part)).__name__)
        if part == "transform":
            key = (name, *_frames(model), model.transform.level)
        elif part == "conditioning":
            key, axes = _embedding(model, name, axes, classes)
        elif part == "prediction":
            key, axes = _predictor(model, name, axes, classes)
        elif part == "encoder":
            _encoder(model, name, axes, classes)
        elif part == "coherence_head":
            # What the latents are that it reads, the encoder says.
            key = (name, type(model.encoder).__name__, *_frames(model))
            _coherence_head(model, name, axes, classes)
        else:
            _decoder(model, name, axes, classes)
        found[name] = Meaning(key, value, axes)
    return found


def _frames(model: VAE) -> tuple[Hashable, ...]:
    """What a frame's numbers are: equal for transforms whose frames mean the same."""
    transform = model.transform
    rate = transform.sample_rate_hz
    return (transform.contrast, transform.n_fft, transform.n_mels, rate)


def _bins(model: VAE) -> Axis:
    return [("bin", *_frames(model), k) for k in range(model.transform.n_features)]


def _encoder(model: VAE, name: str, axes: list[Axis], classes: Mapping[str, list[str]]) -> None:
    labels = _labels(model, "encoder", classes)
    latents: Axis = [(p, z) for p in ("mean", "deviation") for z in range(model.latent_dim)]
    _set_axis(model.encoder, name, axes, {
        "bins": [*_bins(model), *labels],
        "frame": [("frame", *_frames(model)), *labels],
        "outputs": latents,
    })  # fmt: skip


def _decoder(model: VAE, name: str, axes: list[Axis], classes: Mapping[str, list[str]]) -> None:
    latents: Axis = [("latent", z) for z in range(model.latent_dim)]
    parts = ("mean", "deviation") if model.output == "normal" else ("softplus",)
    _set_axis(model.decoder, name, axes, {
        "latents": [*latents, *_labels(model, "decoder", classes)],
        "outputs": [(part, meaning) for part in parts for meaning in _bins(model)],
    })  # fmt: skip


def _coherence_head(
    model: VAE, name: str, axes: list[Axis], classes: Mapping[str, list[str]]
) -> None:
    assert model.coherence_head is not None
    latents: Axis = [("latent", z) for z in range(model.latent_dim)]
    known = {"latents": [*latents, *_labels(model, "decoder", classes)]}
    _set_axis(model.coherence_head, name, axes, known)


def _set_axis(part: nn.Module, name: str, axes: list[Axis], known: Mapping[str, Axis]) -> None:
    """Set the axis of a tensor that its part says something about; one that says nothing may be."""
    about: Any = getattr(part, "about", dict)
    for own_name, (axis, what) in about().items():
        if name.partition(".")[2] == own_name and len(known[what]) == len(axes[axis]):
            axes[axis] = known[what]


def _labels(model: VAE, target: str, classes: Mapping[str, list[str]]) -> Axis:
    """What the numbers beside a frame (in the encoder) or a latent (in the decoder) are."""
    tasks, embeddings = model.conditioning.tasks, model.conditioning.embeddings
    columns: Axis = []
    for (name, task), embedding in zip(tasks.items(), embeddings, strict=True):
        if target not in task.targets():
            continue
        width: int = embedding.width  # type: ignore[assignment]
        kind = type(embedding).__name__
        if kind == "OneHot":
            columns += [("label", name, kind, c) for c in _classes(name, width, classes)]
        else:
            columns += [("label", name, kind, width, i) for i in range(width)]
    return columns


def _classes(task: str, count: int, classes: Mapping[str, list[str]]) -> Axis:
    """The classes of a task by name, where they are known, and else by number."""
    names = [*classes.get(task, []), *[""] * count][:count]
    return [("name", name) if name else ("number", i) for i, name in enumerate(names)]


def _embedding(
    model: VAE, name: str, axes: list[Axis], classes: Mapping[str, list[str]]
) -> tuple[Hashable, list[Axis]]:
    _, _, index, rest = name.split(".", 3)
    task = list(model.conditioning.tasks)[int(index)]
    embedding = model.conditioning.embeddings[int(index)]
    if isinstance(embedding, Table):
        axes[0] = _classes(task, embedding.n_classes, classes)
    return ("conditioning", task, type(embedding).__name__, rest), axes


def _predictor(
    model: VAE, name: str, axes: list[Axis], classes: Mapping[str, list[str]]
) -> tuple[Hashable, list[Axis]]:
    _, _, index, rest = name.split(".", 3)
    task = list(model.prediction.tasks)[int(index)]
    predictor = model.prediction.predictors[int(index)]
    assert isinstance(predictor, Predictor)
    key = ("prediction", task, predictor.categorical, predictor.reads_latent, rest)
    first = next(n for n, p in predictor.named_parameters() if p.ndim == 2)
    last = f"layers.{len(predictor.layers) - 1}."
    if rest.startswith(last) and predictor.categorical:
        axes[0] = _classes(task, len(axes[0]), classes)
    if rest == first and predictor.reads_latent:
        axes[1] = [("latent", z) for z in range(model.latent_dim)]
    return key, axes
