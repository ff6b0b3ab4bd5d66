"""Label inlets with nothing connected leave the label to the model, or to what was set."""

import json
from pathlib import Path

import pytest
import torch
from exports import export_run
from test_label_export import HOPS, OCTAVE, PITCH, Eavesdropper, held, labelled_run, noise
from torch import Tensor

from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.labels.empty_inlets import EMPTY, EmptyInlets

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def test_zeros_are_nothing_until_something_else_has_come():
    inlets = torch.tensor([[[0.0, 0, 0, 0], [0, 3, 0, 5], [-1, 0, 0, 0], [0, 0, 1e-6, 0]]])
    expected = inlets.clone()
    expected[0, 0] = EMPTY
    expected[0, 1, 0] = EMPTY
    expected[0, 3, :2] = EMPTY
    assert torch.equal(EmptyInlets(4, True)(inlets), expected)
    assert torch.equal(EmptyInlets(4, False)(inlets), inlets)


@pytest.mark.parametrize("frames", [1, 3, 5])
def test_blocks_of_any_size_agree(frames: int):
    generator = torch.Generator().manual_seed(0)
    inlets = torch.randint(-1, 3, (2, 6, 30), generator=generator).float()
    inlets *= torch.rand(2, 6, 30, generator=generator) > 0.9
    whole = EmptyInlets(6, True)(inlets)
    scripted = torch.jit.script(EmptyInlets(6, True))
    parts = [scripted(part) for part in inlets.split(frames, 2)]
    assert torch.equal(torch.cat(parts, 2), whole)
    assert not torch.equal(whole, inlets)


@pytest.fixture
def core() -> Eavesdropper:
    everywhere = {kind: own_axes(4) for kind in PROJECTIONS}
    return Eavesdropper(labelled_run().model, everywhere, 4, is_hosted=True).eval()


def sent(method: str, labels: Tensor) -> Tensor:
    """An input of a method with labels [3, HOPS] at its inlets."""
    if method == "forward":
        return torch.cat((noise(), held(labels[None])), 1)
    return torch.cat((torch.zeros(1, 4, HOPS), labels[None]), 1)


@pytest.mark.parametrize("method", ["forward", "decode"])
def test_unconnected_is_as_good_as_you_guess(core, method: str):
    core.set_label(PITCH, 7.0)
    core.set_label(OCTAVE, 5.0)
    play = getattr(core, method)
    play(sent(method, torch.zeros(3, HOPS)))
    unconnected = core.told[:HOPS]
    core.reset()
    play(sent(method, torch.full((3, HOPS), -1.0)))
    assert torch.equal(core.told[:HOPS], unconnected)
    assert torch.equal(unconnected[:, OCTAVE], torch.full((HOPS,), 5.0))  # set, never guessed
    assert len(unconnected[:, PITCH].unique()) > 1 or method == "decode"  # guessed


@pytest.mark.parametrize("method", ["forward", "decode"])
def test_class_0_is_played_by_an_inlet_that_has_spoken(core, method: str):
    core.set_label(OCTAVE, 5.0)
    labels = torch.zeros(3, HOPS)
    labels[:, 2] = 2.0
    getattr(core, method)(sent(method, labels))
    assert core.told[:HOPS, OCTAVE].tolist() == [5.0, 5.0, 2.0, *([0.0] * (HOPS - 3))]
    core.reset()  # forgets what was heard, but not what is connected
    getattr(core, method)(sent(method, torch.zeros(3, HOPS)))
    assert not core.told[:HOPS, OCTAVE].any()


def test_methods_do_not_learn_of_each_others_inlets(core):
    core.decode(sent("decode", torch.ones(3, HOPS)))
    core.set_label(OCTAVE, 5.0)
    core.forward(sent("forward", torch.zeros(3, HOPS)))
    assert torch.equal(core.told[:, OCTAVE], torch.full((HOPS,), 5.0))


def test_exported_file_obeys_messages_where_nothing_is_connected(tmp_path: Path):
    path = export_run(labelled_run(), tmp_path, "tiny", blocks=1)
    loaded = torch.jit.load(str(path))
    loaded.get_methods()
    loaded.set_inversion("eco")
    heard = []
    for octave, inlet in (("6", 0.0), ("0", 6.0)):
        assert loaded.set_octave(octave) == 0
        loaded.set_reset(True)
        labels = torch.zeros(1, 3, HOPS)
        labels[:, OCTAVE] = inlet
        heard.append(loaded.decode(torch.cat((torch.ones(1, 4, HOPS), labels), 1)))
    assert torch.equal(*heard)
    card = json.loads(path.with_suffix(".json").read_text())
    assert [task["plain"] for task in card["labels"]["commanded"]] == [0, 4, 0]
    assert "empty" in card["labels"]["empty_inlet"]
    names = loaded.forward_input_labels[1:]
    assert [name.split("; ")[1] for name in names] == [
        *("empty or -1: guessed", "empty or -1: as set", "empty or -1: guessed")
    ]
    # Brightness is guessed from what is heard, which decode does not have.
    assert loaded.decode_input_labels[-1] == "brightness; empty or -1: as set"
