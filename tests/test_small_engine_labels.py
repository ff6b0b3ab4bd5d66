"""Labels, guesses and memories in the small engine, held against torch."""

import numpy as np
import pytest
import torch
from engine_beside_torch import Both, rewritten
from small_engine import Player, RefusedError, is_buildable, ran, relative
from taught import HOP, USUAL, sound, taught

from vschaos2.export.nn_tilde import get_attribute, set_attribute

pytestmark = [
    pytest.mark.skipif(not is_buildable(), reason="cmake and g++ are missing"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LABELS = {
    "conditioning": {
        "key": {"dim": 4, "target": ["decoder"], "embedding": "OneHot"},
        "player": {"dim": 3, "target": ["encoder", "decoder"], "embedding": "Embedding"},
        "force": {"dim": 1, "target": ["decoder"], "embedding": "Float"},
        "wood": {"dim": 3, "target": ["decoder"], "embedding": "Embedding", "embedding_dim": 2},
    },
    "prediction": {
        "key": {"dim": 4, "input": "features", "args": {"target_dist": "Categorical"}},
        "force": {"dim": 1, "input": "latent", "args": {"target_dist": "Normal"}},
        "wood": {"dim": 3, "input": "latent", "args": {"target_dist": "Categorical"}},
    },
}
CLASSES = {"key": ["c", "3", "e"], "player": ["Ada", "Bo", "Cy"]}


@pytest.fixture(scope="module")
def labelled(engine, tmp_path_factory) -> Both:
    path = tmp_path_factory.mktemp("labelled") / "labelled.ts"
    playable = taught({**USUAL, **LABELS}, confidence=True, classes=CLASSES)
    model = playable.core.model
    frames = model.transform.to_frames(model.transform.analyse(sound(0.3, seed=1)).abs()[0])
    features = model.features(frames, torch.zeros(len(frames), 4))
    with torch.no_grad():  # opinions, which change
        outputs = model.prediction(features, model.posterior(features).mean)
        for predictor, output in zip(model.prediction.predictors, outputs, strict=True):
            predictor.layers[-1].bias.sub_(output.mean(0))
            for values in predictor.layers[-1].parameters():
                values.mul_(20.0)
    return Both(engine, path, playable)


def fresh(both: Both) -> Both:
    """Nothing heard, and no inlet that has spoken, nor a label that was set."""
    both.engine = Player(both.engine.library, both.path)
    for name in ("forward", "encode", "decode"):
        inlets = getattr(both.torch.core, f"{name}_inlets")
        inlets.has_spoken = torch.zeros(1, inlets.count)
    both.set(inversion="random", limiter="off", texture=0.0)
    for name in both.torch.label_names:
        both.tell(**{name: "0"})
    return both


def commands(count: int, seed: int = 0) -> torch.Tensor:
    """Classes, halves, what is out of range, negative and no number, for four labels: [4, F]."""
    choice = torch.tensor([0.0, 1.0, 2.0, 3.0, 1.5, 2.5, 99.0, -1.0, -7.0, torch.nan, torch.inf])
    index = torch.randint(len(choice), (4, count), generator=torch.Generator().manual_seed(seed))
    return choice[index]


def axes(count: int) -> torch.Tensor:
    return torch.randn(3, count, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("block", [HOP, 5 * HOP])
def test_labels_are_commanded_and_guessed_as_in_torch(labelled, block):
    both = fresh(labelled)
    heard = sound(0.3, seed=1)
    frames = heard.shape[1] // HOP
    told = torch.cat((heard, commands(frames).repeat_interleave(HOP, 1)))
    made, due = both.play("forward", told, block)
    assert made.shape[0] == 1 + 2 * 3
    assert relative(made[:1], due[:1]) < 3e-5
    assert np.array_equal(made[[1, 3]], due[[1, 3]])  # classes
    assert np.abs(made[[2, 4, 5, 6]] - due[[2, 4, 5, 6]]).max() < 1e-4
    assert (np.ptp(due[1:4], 1) > 0.0).all()
    made, due = both.play("encode", told[[0, 2]], block)
    assert relative(made[:3], due[:3]) < 1e-5 and np.abs(made[3:] - due[3:]).max() < 1e-4
    played = torch.cat((axes(frames), commands(frames, seed=1)))
    assert relative(*both.play("decode", played, block)) < 3e-5


def test_an_empty_inlet_is_no_class_0(labelled):
    both = fresh(labelled)
    both.tell(key="e", player="Bo")
    played = torch.cat((axes(24), torch.zeros(4, 24)))
    quiet, due = both.play("decode", played, 2 * HOP)
    assert relative(quiet, due) < 3e-5
    played[3, 12] = 1.0  # from here on 0 is meant
    spoken, due = both.play("decode", played, 2 * HOP)
    assert relative(spoken, due) < 3e-5
    both.reset()  # which inlets are connected is no matter of sound
    again, due = both.play("decode", torch.cat((axes(24), torch.zeros(4, 24))), 8 * HOP)
    assert relative(again, due) < 3e-5
    assert not np.array_equal(again, quiet)


def test_messages_set_labels_by_name_place_or_number(labelled):
    both = fresh(labelled)
    played = torch.cat((axes(16), torch.zeros(4, 16)))
    for name, said in (
        ("key", "e"), ("key", "3"), ("key", 3.0), ("key", "2.000000"), ("key", 0.4), ("key", "c"),
        ("player", "Cy"), ("player", 1.0), ("force", 2.5), ("force", "-3.25"), ("force", "1e5"),
        ("wood", 2.0), ("key", 4.0), ("key", "z"), ("key", -1.0), ("force", float("nan")),
        ("force", 2e6), ("player", "ada"), ("wood", "-0.4"), ("key", "1."), ("key", "--1"),
    ):  # fmt: skip
        # A host of TorchScript sends a number to a text as text.
        text = said if isinstance(said, str) else f"{said:.6f}"
        taken = set_attribute(both.torch, name, text) == 0
        assert both.engine.set(name, said) == taken, (name, said)
        assert both.engine.get(name) == get_attribute(both.torch, name)[0], (name, said)
        both.reset()
        assert relative(*both.play("decode", played, 4 * HOP)) < 3e-5


def test_blocks_and_voices_of_labels(labelled):
    both = fresh(labelled)
    played = torch.cat((axes(40), commands(40))).numpy()
    whole = both.engine.play("decode", played, 40 * HOP)
    for hops in (1, 3, 8):
        fresh(both)
        assert np.array_equal(both.engine.play("decode", played, hops * HOP), whole)
    pair = Player(both.engine.library, both.path, voices=2)
    for name, value in (("inversion", "random"), ("limiter", "off"), ("texture", 0.0)):
        pair.set(name, value)
    pair.play("decode", np.ones((7, 8), np.float32), HOP, voice=0)
    assert np.array_equal(pair.play("decode", played, HOP, voice=1), whole)


@pytest.mark.parametrize(
    "memory",
    [
        "gru",
        {"type": "gru", "hidden_dims": 6, "layers": 2},
        {"type": "causal_conv", "hidden_dims": 7, "layers": 3, "kernel_size": 3},
    ],
)
def test_decoders_that_remember(engine, tmp_path, memory):
    key = {"key": LABELS["conditioning"]["key"]}
    options = {**USUAL, "temporal": memory, "conditioning": key}
    both = fresh(Both(engine, tmp_path / "memory.ts", taught(options)))
    played = torch.cat((axes(64), commands(64)[:1]))
    assert relative(*both.play("decode", played, 4 * HOP)) < 3e-5
    both.reset()
    assert relative(*both.play("decode", played, 7 * HOP)) < 3e-5
    both.set(inversion="keep_input")
    heard = torch.cat((sound(0.4), torch.zeros_like(sound(0.4))))
    assert relative(*both.play("forward", heard, 3 * HOP)) < 3e-5
    both.set(inversion="random")
    whole = both.engine.play("decode", played.numpy(), 64 * HOP)
    both.engine.reset()
    assert np.array_equal(both.engine.play("decode", played.numpy(), HOP), whole)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings/labels": []}, "encoder.first.weight has the shape"),
        ({"settings/predictors": []}, "has labels that nothing guesses"),
        ({"settings/labels": 3}, "its description is damaged"),
        ({"settings/confidence": False}, "forward has other channels"),
    ],
)
def test_descriptions_that_do_not_fit(engine, labelled, tmp_path, change, said):
    path = rewritten(labelled.content, tmp_path / "other.ts", change)
    with pytest.raises(RefusedError, match=said):
        Player(engine, path)


def test_labels_allocate_nothing_and_damage_crashes_nothing(engine_folder, labelled):
    ran(engine_folder, "engine_allocations", labelled.path)
    ran(engine_folder, "engine_fuzz", labelled.path, 100, 2)
