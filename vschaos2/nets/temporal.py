"""Memory between latent and decoder: what a decoder knows of the frames before.

    latents and labels [B, F, D] ──memory──> these, and a summary of their past [B, F, D + H]

The summary stands beside the latent instead of being added to it: what the decoder remembers need
not fit into as few dimensions as a player has. A memory is `Causal`, waits for no frame (its delay
is 0) and registers itself as `part("memory", NAME)`, the name that `model.temporal` gives.
"""

from collections.abc import Mapping
from typing import Any

from vschaos2.config import call, suggestion
from vschaos2.errors import InputError
from vschaos2.nets import causal_conv, recurrent  # noqa: F401 - their memories register themselves
from vschaos2.nets.causal import Causal
from vschaos2.parts import parts
from vschaos2.ranges import check_count


def build_temporal(config: str | Mapping[str, Any] | None, n_inputs: int) -> Causal | None:
    """The memory that `model.temporal` describes, or None.

    Args:
        config: None, a name of a memory, or {type: name, and arguments of its class}.
        n_inputs: numbers per frame, D.

    Raises:
        InputError: for an unknown name, or an argument that its class does not take.
    """
    if config is None:
        return None
    options = {"type": config} if isinstance(config, str) else config
    memories = parts("memory")
    known = ", ".join(memories)
    if not isinstance(options, Mapping) or "type" not in options:
        raise InputError(
            f"model.temporal must be null, a name ({known}) or {{type: name, …}}, got {config!r}"
        )
    name = str(options["type"])
    if name not in memories:
        raise InputError(
            f"model.temporal: no type {name!r}{suggestion(name, list(memories))} (there are "
            f"{known}; null is none)"
        )
    arguments = {key: value for key, value in options.items() if key != "type"}
    memory: Causal = call(memories[name], "model.temporal", arguments, n_inputs=n_inputs)
    return memory


def checked_sequence(sequence: Any, temporal: Causal | None) -> int:
    """`data.sequence`, the frames of a training window, if a model can learn from so many.

    Raises:
        InputError: if it is no whole number from 1 to 4096, or too few for what a memory hears.
    """
    check_count("data.sequence", sequence, 1, 4096)
    # Where the past never ends, one frame of it is enough for every weight to learn.
    reach = 0 if temporal is None else 1 if temporal.reach is None else temporal.reach
    if sequence <= reach:
        needed = reach + 1
        raise InputError(
            f"data.sequence is {sequence}, but model.temporal hears frames before: set "
            f"data.sequence={max(needed, 4)} and data.loader.batch_size="
            f"{max(1, 256 // max(needed, 4))}, or model.temporal=null"
        )
    return sequence
