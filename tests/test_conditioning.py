import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.export.operators import check_operators
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.nets.decoders import ConvDecoder, DenseDecoder
from vschaos2.nets.encoders import ConvEncoder, DenseEncoder

PARTS = {"dense": (DenseEncoder, DenseDecoder), "conv": (ConvEncoder, ConvDecoder)}
TOLD = {
    "pitch": {"dim": 3, "target": ["encoder", "decoder"]},
    "octave": {"dim": 4, "embedding": "Embedding", "embedding_dim": 2},
    "force": {"dim": 1, "embedding": "Float", "target": "encoder"},
}
GUESSED = {
    "octave": {"dim": 4, "args": {"nlayers": 1, "hidden_dims": [8]}},
    "tempo": {"dim": 1, "input": "latent", "args": {"target_dist": "Normal", "hidden_dims": 8}},
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def labelled_model(kind: str = "dense", conditioning=TOLD, prediction=GUESSED) -> VAE:
    encoder, decoder = PARTS[kind]
    transform = SpectralTransform(n_fft=128, hop=32)
    return VAE(transform, encoder, decoder, 5, conditioning=conditioning, prediction=prediction)


# --- what the model is told ---


def test_one_hot_is_the_row_of_the_identity_and_clamps_to_the_nearest_class():
    told = Conditioning({"pitch": {"dim": 3}})
    labels = torch.tensor([[0.0], [2.0], [-4.0], [9.0], [1.2]])
    expected = torch.eye(3)[[0, 2, 0, 2, 1]]
    assert torch.equal(told.for_decoder(labels), expected)
    assert told.for_encoder(labels).shape == (5, 0)


def test_embedding_is_the_row_of_its_table_and_learns():
    told = Conditioning({"pitch": {"dim": 3, "embedding": "Embedding", "embedding_dim": 2}})
    rows = told.for_decoder(torch.tensor([[2.0], [7.0], [0.0]]))
    table = told.embeddings[0].weight
    assert torch.equal(rows, table[[2, 2, 0]])
    rows.sum().backward()
    assert table.grad.sum(1).tolist() == [2.0, 0.0, 4.0]


def test_float_is_the_standardised_value():
    told = Conditioning({"force": {"dim": 1, "embedding": "Float"}})
    assert told.for_decoder(torch.tensor([[5.0]])).item() == 5.0
    told.embeddings[0].fit(mean=2.0, std=4.0)
    assert told.for_decoder(torch.tensor([[2.0], [10.0]])).flatten().tolist() == [0.0, 2.0]


def test_tasks_stand_side_by_side_in_the_order_of_the_configuration():
    told = Conditioning(TOLD)
    found = [(name, task.dim, task.n_classes) for name, task in told.tasks.items()]
    assert found == [("pitch", 3, 3), ("octave", 4, 4), ("force", 1, None)]
    labels = torch.tensor([[1.0, 3.0, 0.5]])
    table = told.embeddings[1].weight
    assert told.for_encoder(labels).tolist() == [[0.0, 1.0, 0.0, 0.5]]
    assert torch.equal(told.for_decoder(labels)[0], torch.cat([torch.eye(3)[1], table[3]]))
    assert (told.encoder_width, told.decoder_width) == (4, 5)


@pytest.mark.parametrize("kind", PARTS)
def test_encoder_and_decoder_follow_their_labels_and_no_others(kind: str):
    model = labelled_model(kind).eval()
    frames, latent, labels = torch.rand(2, 65), torch.randn(2, 5), torch.zeros(2, 3)
    for column, on_encoder, on_decoder in ((0, True, True), (1, False, True), (2, True, False)):
        other = labels.index_fill(1, torch.tensor([column]), 1.0)
        heard = [model.encode(frames, value).mean for value in (labels, other)]
        made = [model.decode(latent, value).mean for value in (labels, other)]
        assert torch.equal(*heard) is not on_encoder
        assert torch.equal(*made) is not on_decoder


# --- what the model guesses ---


def test_guess_is_the_likeliest_class_with_its_probability():
    model = labelled_model()
    output = torch.tensor([[0.0, 2.0, 1.0, 0.0], [3.0, 0.0, 0.0, 0.0]])
    normal = torch.tensor([[1.5, -1.0], [0.0, 2.0]])
    model.prediction.predictors[1].scale.fit(mean=100.0, std=10.0)
    values, confidence = model.prediction.interpret([output, normal], output)
    assert values[:, 0].tolist() == [1.0, 0.0]
    torch.testing.assert_close(confidence[:, 0], output.softmax(1).amax(1))
    torch.testing.assert_close(values[:, 1], torch.tensor([115.0, 100.0]))
    std = torch.exp(6.0 * torch.tanh(normal[:, 1] / 6.0))
    torch.testing.assert_close(confidence[:, 1], (1.0 - std.square()).clamp_min(0.0))
    assert confidence[1, 1] == 0.0 < confidence[0, 1]


@pytest.mark.parametrize("kind", PARTS)
def test_gradient_of_a_prediction_never_reaches_the_encoder(kind: str):
    model = labelled_model(kind)
    labels = torch.zeros(6, 3)
    features = model.features(torch.rand(6, 65), labels)
    latent = model.posterior(features).mean
    assert features.requires_grad and latent.requires_grad
    torch.stack(
        [output.square().sum() for output in model.prediction(features, latent)]
    ).sum().backward()
    reached = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert reached == {
        name for name, _ in model.named_parameters() if name.startswith("prediction")
    }
    assert all(float(p.grad.abs().max()) > 0.0 for p in model.prediction.parameters())


def test_each_predictor_reads_its_own_input():
    model = labelled_model().eval()
    features, latent = torch.randn(2, 384), torch.randn(2, 5)
    before = model.prediction(features, latent)
    assert torch.equal(before[0], model.prediction(features, latent + 1.0)[0])
    assert torch.equal(before[1], model.prediction(features.flip(1), latent)[1])
    assert not torch.equal(before[0], model.prediction(features.flip(1), latent)[0])
    assert not torch.equal(before[1], model.prediction(features, latent + 1.0)[1])


# --- the whole ---


def test_without_labels_the_model_is_the_one_it_was():
    bare = labelled_model(conditioning=None, prediction=None)
    frames = torch.rand(3, 65)
    assert bare.conditioning.tasks == bare.prediction.tasks == {}
    assert torch.equal(bare(frames), bare(frames, torch.zeros(3, 0)))
    assert torch.equal(bare.encode(frames).mean, bare.encoder(frames)[:, :5])
    values, confidence = bare.prediction.guess(bare.features(frames), torch.zeros(3, 5))
    assert values.shape == confidence.shape == (3, 0)
    assert not any("conditioning" in name or "prediction" in name for name in bare.state_dict())


def test_a_conditioned_model_asks_for_its_labels():
    with pytest.raises(ValueError, match="labels are missing"):
        labelled_model().decode(torch.zeros(1, 5))


@pytest.mark.parametrize("kind", PARTS)
def test_runs_trained_before_labels_load_into_body_and_head(kind: str):
    model = labelled_model(kind, None, None)
    old = {"dense": {"body.3": "layers.3"}, "conv": {"body.stages": "stages", "head": "output"}}[
        kind
    ]
    if kind == "dense":
        old = {f"body.{i}": f"layers.{i}" for i in range(3)} | {"head": "layers.3"}
    weights = {}
    for name, value in model.state_dict().items():
        for new, before in old.items():
            name = name.replace(f"encoder.{new}.", f"encoder.{before}.")
        weights[name] = value
    assert not any(".head." in name for name in weights)
    torch.manual_seed(1)
    loaded = labelled_model(kind, None, None)
    loaded.load_state_dict(weights)
    frames = torch.rand(2, 65)
    assert torch.equal(loaded(frames), model(frames))


class Played(nn.Module):
    """Everything of a model that an instrument uses, for scripting."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
        features = self.model.features(frames, labels)
        posterior = self.model.posterior(features)
        values, confidence = self.model.prediction.guess(features, posterior.mean)
        return [values, confidence, self.model.decode(posterior.mean, labels).mean]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("tasks", [(TOLD, GUESSED), (None, None)])
def test_scripted_models_equal_the_eager_ones_with_operators_that_hosts_know(kind, tasks):
    played = Played(labelled_model(kind, *tasks)).eval()
    scripted = torch.jit.script(played)
    frames = torch.rand(5, 65)
    labels = torch.rand(5, 3)[:, : len(played.model.conditioning.tasks)]
    for eager, compiled in zip(played(frames, labels), scripted(frames, labels), strict=True):
        torch.testing.assert_close(compiled, eager)
    check_operators(scripted)


# --- from a configuration ---


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("conditioning.a", {"dim": 3, "targets": "decoder"}, r"^model.conditioning.a has no key"),
        ("conditioning.a", {"dim": 3, "targets": "decoder"}, r"did you mean 'target'\?"),
        ("conditioning.a", {"embedding": "OneHot"}, r"^model.conditioning.a: .*'dim'"),
        ("conditioning.a", {"dim": 1}, r"dim must be at least 2 classes for OneHot, got 1"),
        ("conditioning.a", {"dim": 2, "embedding": "Float"}, r"dim must be 1 for Float, got 2"),
        ("conditioning.a", {"dim": 2, "target": ["latent"]}, r"encoder, decoder, got 'latent'"),
        ("conditioning.a", {"dim": 2, "target": []}, r"target is empty"),
        ("conditioning.a", {"dim": 2, "embedding": "Onehot"}, r"one of OneHot, .*'Onehot'"),
        ("conditioning.a", {"dim": 2, "embedding_dim": 2}, r"embedding_dim is for Embedding"),
        ("conditioning.a", 12, r"^model.conditioning.a must hold key: value pairs, got 12"),
        ("prediction.a", {"dim": 3, "layers": 3}, r"^model.prediction.a has no key 'layers'"),
        ("prediction.a", {"dim": 3, "args": {"nlayer": 3}}, r"^model.prediction.a.args has no key"),
        ("prediction.a", {"dim": 3, "type": "GRU"}, r"type must be one of MLPEncoder, got 'GRU'"),
        ("prediction.a", {"dim": 3, "input": "frames"}, r"input must be one of features, latent"),
        ("prediction.a", {"dim": 3, "args": {"hidden_dims": [8]}}, r"nlayers=2 of them, got \[8\]"),
        ("prediction.a", {"dim": 3, "args": {"target_dist": "Normal"}}, r"1 for Normal, got 3"),
    ],
)  # fmt: skip
def test_build_names_the_label_option_that_does_not_fit(tiny_config, key, value, message):
    OmegaConf.update(tiny_config, f"model.{key}", value, force_add=True)
    with pytest.raises(InputError, match=message) as caught:
        build_model(tiny_config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("target", ["encoder", ["decoder", "encoder"]])
def test_what_the_encoder_is_told_cannot_be_predicted(tiny_config, target):
    tiny_config.model.conditioning = {"pitch": {"dim": 3, "target": target}}
    tiny_config.model.prediction = {"pitch": {"dim": 3}}
    message = r"^model.prediction.pitch: a task that conditions the encoder cannot be predicted: "
    with pytest.raises(InputError, match=message):
        build_model(tiny_config)


def test_classes_of_one_task_agree():
    told = Conditioning({"pitch": {"dim": 3}})
    with pytest.raises(InputError, match=r"model.prediction.pitch has dim 4, .* has dim 3"):
        Prediction({"pitch": {"dim": 4}}, 8, 2, told)
