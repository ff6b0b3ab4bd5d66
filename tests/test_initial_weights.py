"""First weights from another run: what means the same gives the same, whatever else differs."""

import pytest
import torch
from omegaconf import OmegaConf

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.meanings import shared_meanings
from vschaos2.training.initial_weights import take_weights

NOTES = ["C", "D", "E"]


def model(tiny_config, seed: int, **overrides):
    config = OmegaConf.merge(tiny_config, {"model": overrides.pop("model", {})}, overrides)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_model(config).eval()


def told(dim: int = 3, task: str = "note", embedding: str = "OneHot", **more) -> dict:
    options = {"dim": dim, "target": ["encoder", "decoder"], "embedding": embedding}
    return {"conditioning": {task: options, **more}}


def test_a_model_of_the_same_kind_takes_everything(tiny_config):
    old, new = model(tiny_config, 1), model(tiny_config, 2)
    old.transform.fit_level(0.3)
    taken = take_weights(*shared_meanings(new, old, {}, {}))
    assert not taken.reshaped and not taken.left
    for name, value in new.state_dict().items():
        assert torch.equal(value, old.state_dict()[name]), name


def test_labels_that_are_added_leave_latents_and_bins_where_they_were(tiny_config):
    old = model(tiny_config, 1)
    new = model(tiny_config, 2, model=told())
    before = {name: value.clone() for name, value in new.state_dict().items()}
    taken = take_weights(*shared_meanings(new, old, {"note": NOTES}, {}))
    assert set(taken.reshaped) == {"encoder.body.0.weight", "decoder.layers.0.weight"}
    assert not taken.left
    # Without its labels' columns, the new model is the old one.
    state = new.state_dict()
    assert torch.equal(state["encoder.body.0.weight"][:257], old.encoder.body[0].weight)
    assert torch.equal(state["decoder.layers.0.weight"][:, :4], old.decoder.layers[0].weight)
    for name, labels in (
        ("encoder.body.0.weight", (slice(257, None),)),
        ("decoder.layers.0.weight", (slice(None), slice(4, None))),
    ):
        assert torch.equal(state[name][labels], before[name][labels])


@pytest.mark.parametrize("embedding", ["OneHot", "Embedding"])
def test_classes_of_one_name_keep_their_meaning_under_another_number(tiny_config, embedding):
    old = model(tiny_config, 1, model=told(embedding=embedding))
    options = {"dim": 4, "target": ["encoder", "decoder"], "embedding": embedding}
    if embedding == "Embedding":
        options["embedding_dim"] = 3
    new = model(tiny_config, 2, model={"conditioning": {"note": options}})
    new_names = ["D", "A", "C", "E"]
    take_weights(*shared_meanings(new, old, {"note": new_names}, {"note": NOTES}))
    frames, latent = torch.rand(3, 257), torch.randn(3, 4)
    was = torch.tensor([[0.0], [1.0], [2.0]])
    is_now = torch.tensor([[float(new_names.index(name))] for name in NOTES])
    torch.testing.assert_close(new.encode(frames, is_now).mean, old.encode(frames, was).mean)
    torch.testing.assert_close(new.decode(latent, is_now).mean, old.decode(latent, was).mean)


def test_classes_without_names_are_matched_by_number(tiny_config):
    old, new = model(tiny_config, 1, model=told()), model(tiny_config, 2, model=told(5))
    take_weights(*shared_meanings(new, old, {"note": []}, {"note": NOTES}))
    frames, label = torch.rand(3, 257), torch.tensor([[0.0], [1.0], [2.0]])
    torch.testing.assert_close(new.encode(frames, label).mean, old.encode(frames, label).mean)


def test_another_task_of_the_same_width_takes_nothing_of_the_first(tiny_config):
    old = model(tiny_config, 1, model=told(task="note"))
    new = model(tiny_config, 2, model=told(task="player"))
    before = new.decoder.layers[0].weight.clone()
    taken = take_weights(*shared_meanings(new, old, {}, {}))
    assert "decoder.layers.0.weight" in taken.reshaped
    assert torch.equal(new.decoder.layers[0].weight[:, 4:], before[:, 4:])


def test_tasks_in_another_order_are_matched_by_name(tiny_config):
    a = {"dim": 3, "target": ["decoder"], "embedding": "Embedding"}
    b = {"dim": 5, "target": ["decoder"], "embedding": "OneHot"}
    old = model(tiny_config, 1, model={"conditioning": {"a": a, "b": b}})
    new = model(tiny_config, 2, model={"conditioning": {"b": b, "a": a}})
    assert not take_weights(*shared_meanings(new, old, {}, {})).left
    latent, labels = torch.randn(4, 4), torch.tensor([[0, 4], [1, 3], [2, 2], [0, 1.0]])
    mine = new.decode(latent, labels.flip(1)).mean
    torch.testing.assert_close(mine, old.decode(latent, labels).mean)


def test_more_latents_begin_with_those_there_were(tiny_config):
    old, new = model(tiny_config, 1), model(tiny_config, 2, model={"latent_dim": 6})
    taken = take_weights(*shared_meanings(new, old, {}, {}))
    frames = torch.rand(5, 257)
    mine, theirs = new.encode(frames), old.encode(frames)
    assert set(taken.reshaped) == {
        "encoder.head.weight",
        "encoder.head.bias",
        "decoder.layers.0.weight",
    }
    torch.testing.assert_close(mine.mean[:, :4], theirs.mean)
    torch.testing.assert_close(mine.std[:, :4], theirs.std)


@pytest.mark.parametrize("change", [{"contrast": "linear"}, {"n_mels": 64}, {"n_fft": 256}])
def test_frames_of_another_kind_share_no_bins_and_no_level(tiny_config, change):
    old = model(tiny_config, 1)
    old.transform.fit_level(0.3)
    new = model(tiny_config, 2, data={"transform": change})
    new.transform.fit_level(0.7)
    taken = take_weights(*shared_meanings(new, old, {}, {}))
    assert "encoder.body.0.weight" in taken.left
    assert "decoder.layers.4.weight" in taken.left
    assert torch.equal(new.decoder.layers[0].weight, old.decoder.layers[0].weight)
    assert float(new.transform.scale) == pytest.approx(0.7)


def test_another_hop_changes_no_frame(tiny_config):
    new = model(tiny_config, 2, data={"transform": {"hop": 64}})
    assert not take_weights(*shared_meanings(new, model(tiny_config, 1), {}, {})).left


def test_scale_of_a_continuous_label_stays_with_the_weights_that_know_it(tiny_config):
    old = model(tiny_config, 1, model=told(1, "force", "Float"))
    old.conditioning.embeddings[0].fit(5.0, 2.0)
    new = model(tiny_config, 2, model=told(1, "force", "Float"))
    new.conditioning.embeddings[0].fit(50.0, 20.0)
    take_weights(*shared_meanings(new, old, {}, {}))
    assert float(new.conditioning.embeddings[0].mean) == 5.0


def test_predictors_are_matched_by_task_and_their_classes_by_name(tiny_config):
    def guessing(*tasks: str) -> dict:
        args = {"nlayers": 1, "hidden_dims": 8, "target_dist": "Categorical"}
        one = {"dim": 3, "type": "MLPEncoder", "args": args}
        return {"prediction": dict.fromkeys(tasks, one)}

    old = model(tiny_config, 1, model=guessing("note"))
    new = model(tiny_config, 2, model=guessing("player", "note"))
    take_weights(*shared_meanings(new, old, {"note": ["E", "C", "D"]}, {"note": NOTES}))
    features, latent = torch.randn(4, 32), torch.randn(4, 4)
    theirs = old.prediction(features, latent)[0]
    torch.testing.assert_close(new.prediction(features, latent)[1], theirs[:, [2, 0, 1]])


def test_hidden_layers_of_another_width_are_left(tiny_config):
    new = model(
        tiny_config, 2, model={"encoder": {"hidden_dim": 16}, "decoder": {"hidden_dim": 16}}
    )
    taken = take_weights(*shared_meanings(new, model(tiny_config, 1), {}, {}))
    matrices = {name for name, value in new.named_parameters() if value.ndim > 1}
    assert not matrices.intersection([*taken.loaded, *taken.reshaped])
