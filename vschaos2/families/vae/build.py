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
from vschaos2.families.vae.vae import VAE
from vschaos2.nets import decoders, encoders  # noqa: F401 - their parts register themselves
from vschaos2.parts import check_targets, part, part_of

part("transform")(SpectralTransform)
part("model")(VAE)
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
    _, options = part_of("model", "model", {"_target_": "VAE", **_mapping("model", model)})
    options.pop("init_from", None)  # where its first weights came from: a note, no part of it
    try:
        with _limited():
            built: Any = call(
                VAE,
                "model",
                options,
                transform=_transform(transform),
                encoder=_maker("encoder", options.pop("encoder", None)),
                decoder=_maker("decoder", options.pop("decoder", None)),
            )
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
    check_targets(where, node)
    _check_numbers(where, node)
    return node


def _transform(node: Any) -> SpectralTransform:
    """The transform that a node describes."""
    kind, options = part_of("transform", "data.transform", node)
    return call(kind, "data.transform", options)


def _maker(kind: str, node: Any) -> Callable[..., nn.Module]:
    """What makes the part that a node describes, once the model tells its sizes."""
    where = f"model.{kind}"
    made, options = part_of(kind, where, node)
    if options.pop("_partial_", True) is not True:  # version 0.1 wrote it
        raise InputError(f"{where}: must say _partial_: true, or nothing of it")
    return lambda **sizes: call(made, where, options, **sizes)


def _mapping(where: str, node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise InputError(f"{where} must hold key: value pairs, got {node!r}")
    return node


def _check_numbers(where: str, node: Any) -> None:
    """Raise InputError for an absurd number."""
    if isinstance(node, dict):
        for key, value in node.items():
            _check_numbers(f"{where}.{key}", value)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            _check_numbers(f"{where}[{number}]", value)
    elif isinstance(node, int | float) and not abs(node) <= LARGEST:
        raise InputError(f"{where}: {node} is more than a model can have: {LARGEST} at most")
