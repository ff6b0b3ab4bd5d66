"""A model from its configuration, and from nothing but what this package defines.

A configuration names classes by `_target_`. A run folder may come from a stranger, so building
must not let its text choose any callable of the Python world: a name is looked up in a table of
the parts of a model, and its arguments are those of the part's signature. Values are resolved
once, before, and never again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from vschaos2.config import call
from vschaos2.dsp.spectral import GREATEST_RATE_HZ, SpectralTransform
from vschaos2.errors import InputError
from vschaos2.models.decoders import ConvDecoder, DenseDecoder
from vschaos2.models.encoders import ConvEncoder, DenseEncoder
from vschaos2.models.vae import VAE

BUILDABLE: dict[str, type[nn.Module]] = {
    f"{part.__module__}.{part.__qualname__}": part
    for part in (SpectralTransform, ConvDecoder, DenseDecoder, ConvEncoder, DenseEncoder, VAE)
}
LARGEST = GREATEST_RATE_HZ  # number in a configuration: no size is as large as a rate can be
MOST_WEIGHTS = 2**28  # 1 GB; the largest of our own models has 8 million
MOST_TENSORS = 4096  # of weights; the largest of our own models has some 30


def build_model(config: DictConfig) -> VAE:
    """The untrained model that `config.model` and `config.data.transform` describe.

    Raises:
        InputError: if the configuration names a class that is no part of a model, an argument
            that the class does not have, or a value that it refuses; or if the model would be
            larger than memory and patience.
    """
    model, transform = _plain(config, "model"), _plain(config, "data.transform")
    kind, options = _part("model", model, (VAE,))
    options.pop("init_from", None)  # where its first weights came from: a note, no part of it
    try:
        with _limited():
            whole = _transform(transform)
            encoder = _partial(
                "model.encoder", options.pop("encoder", None), (DenseEncoder, ConvEncoder)
            )
            decoder = _partial(
                "model.decoder", options.pop("decoder", None), (DenseDecoder, ConvDecoder)
            )
            parts: dict[str, Any] = {"transform": whole, "encoder": encoder, "decoder": decoder}
            built: Any = call(kind, "model", options, **parts)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError) as error:
        # torch refuses sizes in many ways.
        raise InputError(f"model: cannot be built ({' '.join(str(error).split())})") from error
    return built


def build_transform(config: DictConfig) -> SpectralTransform:
    """The transform that `config.data.transform` describes.

    Raises:
        InputError: if it is none, or one that could not be.
    """
    return _transform(_plain(config, "data.transform"))


@contextmanager
def _limited() -> Iterator[None]:
    """Stop what builds modules before their weights fill the memory.

    torch asks for the memory of a tensor, which costs nothing, then enters it in its module, where
    it is counted, and only then fills it.
    """
    sizes: list[int] = []

    def count(module: nn.Module, name: str, weight: Any) -> None:
        sizes.append(0 if weight is None else weight.numel())
        if sum(sizes) > MOST_WEIGHTS or len(sizes) > MOST_TENSORS:
            raise InputError(
                f"model: has more than {MOST_WEIGHTS} weights, or {MOST_TENSORS} tensors of them: "
                "make it smaller"
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _plain(config: DictConfig, where: str) -> Any:
    """A part of a configuration as plain values, none of them absurd."""
    try:
        node = OmegaConf.to_container(OmegaConf.select(config, where), resolve=True)
    except (AttributeError, KeyError, TypeError, ValueError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{where}: not a model's configuration ({reason})") from error
    _check_values(where, node)
    return node


def _transform(node: Any) -> SpectralTransform:
    """The transform that a node describes."""
    _, options = _part("data.transform", node, (SpectralTransform,))
    return call(SpectralTransform, "data.transform", options)


def _partial(where: str, node: Any, kinds: tuple[type[nn.Module], ...]) -> Callable[..., nn.Module]:
    """What makes the part that a node describes, once the model tells its sizes."""
    kind, options = _part(where, node, kinds)
    if options.pop("_partial_", None) is not True:
        raise InputError(f"{where}: must say _partial_: true, as the model tells its sizes")
    return lambda **sizes: call(kind, where, options, **sizes)


def _part(
    where: str, node: Any, kinds: tuple[type[nn.Module], ...]
) -> tuple[type[nn.Module], dict[str, Any]]:
    """The class that a node names, one of `kinds`, and the arguments beside its name."""
    known = [name for name, kind in BUILDABLE.items() if kind in kinds]
    target = node.get("_target_") if isinstance(node, dict) else None
    if target not in known:
        raise InputError(f"{where}: its _target_ must be {' or '.join(known)}, got {target!r}")
    return BUILDABLE[target], {key: value for key, value in node.items() if key != "_target_"}


def _check_values(where: str, node: Any) -> None:
    """Raise InputError for a `_target_` that is no part of a model, or an absurd number."""
    if isinstance(node, dict):
        target = node.get("_target_")
        if "_target_" in node and not (isinstance(target, str) and target in BUILDABLE):
            raise InputError(
                f"{where}: _target_ {target!r} is not a part of a model: use one of "
                f"{', '.join(BUILDABLE)}"
            )
        for key, value in node.items():
            _check_values(f"{where}.{key}", value)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            _check_values(f"{where}[{number}]", value)
    elif isinstance(node, int | float) and not abs(node) <= LARGEST:
        raise InputError(f"{where}: {node} is more than a model can have: {LARGEST} at most")
