"""What the small engine (engine/families/vae_bridge.cc) plays a bridge from: a VAE, and a way."""

from collections.abc import Iterator
from typing import Any

from vschaos2.export.for_engine import EngineProgram
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.live_way import LiveWay
from vschaos2.families.bridge.ways import BRIDGE, TRANSLATOR
from vschaos2.families.vae.engine_program import engine_program as vae_program
from vschaos2.flows.noise_bridge import NoiseBridge

WAY = "core.way"  # of an exported bridge
LAYER = ("weight", "bias")


def engine_program(core: BridgeCore) -> EngineProgram | str:
    """Settings and tensors of a bridge, or what the engine knows nothing of, in words."""
    way = core.way
    program = vae_program(core)
    if isinstance(program, str):
        return program
    settings: dict[str, Any] = {
        "instruments": len(way.model.instruments),
        "source": core.source,
        "target": core.target,
        "way": way.name,
    }
    if way.name == TRANSLATOR:
        assert way.model.translator is not None
        settings["context"] = way.model.translator.context
    if way.noise is not None:
        settings |= _noise(way.noise)
    return program._replace(
        settings={**program.settings, "bridge": settings},
        tensors={**program.tensors, **dict(_tensors(way))},
    )


def _noise(noise: NoiseBridge) -> dict[str, Any]:
    rows = zip(noise.heard, noise.kept, noise.said, noise.guided, strict=True)
    layers: Any = noise.net.layers
    return {
        "hidden_dims": noise.net.dims,
        "steps": noise.steps,
        "guidance": noise.guidance,
        "levels": noise.levels,
        "stages": [
            {"heard": heard, "kept": kept, "said": said, "guided": guided}
            for heard, kept, said, guided in rows
        ],
        "dilations": [layer.dilation for layer in layers],
    }


def _tensors(way: LiveWay) -> Iterator[tuple[str, str]]:
    """The engine's names of tensors, and the file's."""
    names = ("mean", "deviation", *(() if way.name == BRIDGE else ("centres", "affine")))
    for name in names:
        yield f"bridge.{name}", f"{WAY}.model.{name}"
    if way.name == TRANSLATOR:
        yield "bridge.direction", f"{WAY}.model.translator.direction.weight"
        for name in ("input", "hidden", "output"):
            for tensor in LAYER:
                yield f"bridge.{name}.{tensor}", f"{WAY}.model.translator.{name}.{tensor}"
    if way.noise is None:
        return
    yield "noise.told", f"{WAY}.noise.told"
    places = [f"layers.{number}" for number in range(len(way.noise.net.layers))]
    layers = [f"{place}.{name}" for place in places for name in ("taps", "output")]
    for name in ("input", "output", *layers):
        for tensor in LAYER:
            yield f"noise.{name}.{tensor}", f"{WAY}.noise.net.{name}.{tensor}"
