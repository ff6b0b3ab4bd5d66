"""What the small engine (engine/families/effect_chain.cc) plays a collection of chains from."""

from typing import Any

from vschaos2.export.for_engine import EngineProgram
from vschaos2.families.effect.engine_chain import chain_settings, chain_tensors, unknown_of
from vschaos2.families.effect.engine_program import level_tensors, program_of
from vschaos2.retrieval.collection_net import REACH, CollectionNet
from vschaos2.retrieval.streaming_collection import StreamingCollection

MOST_AXES = 64  # knobs that the engine plays


def engine_collection(effect: StreamingCollection) -> EngineProgram | str:
    """Settings and tensors of a collection, or what the engine knows nothing of, in words."""
    net = effect.model.net
    assert isinstance(net, CollectionNet)
    if len(effect.knob_names) > MOST_AXES:
        return f"more than {MOST_AXES} axes"
    if unknown := unknown_of(net.chain):
        return unknown
    own: dict[str, Any] = chain_settings(net.chain)
    for row in own["processors"]:
        # From the middle of a slider to its ends.
        told = row["controller"]
        told["axes"] = [[REACH * step for step in axis] for axis in told["axes"]]
    own |= {"settings": [], "learnt": [], "presets": net.presets.shape[1]}
    tensors = dict(level_tensors(effect)) | {"presets": "net.presets"}
    tensors |= {name: f"net.chain.{name}" for name in chain_tensors(net.chain)}
    return program_of(effect, "Collection", own, tensors)
