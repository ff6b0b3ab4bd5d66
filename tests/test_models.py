import math
from functools import partial

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.vae import VAE
from vschaos2.nets.decoders import ConvDecoder, DenseDecoder
from vschaos2.nets.encoders import ConvEncoder, DenseEncoder
from vschaos2.nets.layers import ConvBlock, DenseBlock, WideLinear

DENSE = {"hidden_dim": 32, "n_blocks": 2}
ENCODERS = {"dense": partial(DenseEncoder, **DENSE), "conv": partial(ConvEncoder, channels=(4, 8))}
DECODERS = {"dense": partial(DenseDecoder, **DENSE), "conv": partial(ConvDecoder, channels=(8, 4))}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def small_transform(**options) -> SpectralTransform:
    return SpectralTransform(n_fft=128, hop=32, **options)


def small_model(kind: str = "dense", **options) -> VAE:
    transform = options.pop("transform", None) or small_transform()
    return VAE(transform, ENCODERS[kind], DECODERS[kind], latent_dim=3, **options)


def unreached(module: nn.Module) -> list[str]:
    """Weights without a gradient."""
    return [
        name
        for name, weight in module.named_parameters()
        if weight.grad is None or float(weight.grad.abs().max()) == 0.0
    ]


# --- layers ---


def test_wide_linear_is_linear_with_its_weights_transposed():
    wide, linear = WideLinear(13, 5), nn.Linear(13, 5)
    wide.load_state_dict({"weight": linear.weight.T.contiguous(), "bias": linear.bias})
    x = torch.randn(7, 13)
    torch.testing.assert_close(wide(x), linear(x))


def test_wide_linear_starts_as_linear_does():
    """Uniform within 1/√inputs: the variance is 1/(3·inputs)."""
    weight = WideLinear(400, 300).weight.detach()
    assert float(weight.abs().max()) <= 1 / math.sqrt(400)
    assert float(weight.var()) == pytest.approx(1 / 1200, rel=0.02)
    assert float(nn.Linear(400, 300).weight.detach().var()) == pytest.approx(1 / 1200, rel=0.02)


def test_dense_block_adds_to_its_normalised_input():
    block = DenseBlock(6)
    x = torch.randn(4, 6)
    first, second = block.body[1], block.body[3]
    rows = []
    for row in x:
        mean = row.sum() / 6
        normal = (row - mean) / (((row - mean) ** 2).sum() / 6 + 1e-5).sqrt()
        hidden = first.weight @ normal + first.bias
        rows.append(row + second.weight @ (hidden / (1 + torch.exp(-hidden))) + second.bias)
    torch.testing.assert_close(block(x), torch.stack(rows))


@pytest.mark.parametrize("block", [DenseBlock(8), ConvBlock(8, 5)], ids=["dense", "conv"])
def test_residual_blocks_pass_their_input_where_the_last_weights_are_zero(block: nn.Module):
    nn.init.zeros_(block.body[-1].weight)
    nn.init.zeros_(block.body[-1].bias)
    x = torch.randn(3, 8) if isinstance(block, DenseBlock) else torch.randn(3, 8, 11)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("channels, kernel_size, bins", [(4, 3, 9), (2, 5, 3), (1, 9, 64)])
def test_conv_block_is_its_sums_with_zeros_around_the_bins(
    channels: int, kernel_size: int, bins: int
):
    def convolved(x: Tensor, of: nn.Conv1d) -> Tensor:
        around = torch.zeros(2, channels, kernel_size // 2)
        windows = torch.cat((around, x, around), 2).unfold(2, kernel_size, 1)
        return torch.einsum("bckj,ocj->bok", windows, of.weight) + of.bias[:, None]

    block, x = ConvBlock(channels, kernel_size), torch.randn(2, channels, bins)
    mean = x.mean((1, 2), keepdim=True)
    normal = (x - mean) / (x.var((1, 2), keepdim=True, correction=0) + 1e-5).sqrt()
    _, first, _, second = block.body
    hidden = convolved(normal, first)
    made = x + convolved(hidden * torch.sigmoid(hidden), second)
    torch.testing.assert_close(block(x), made, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("n_features", [2, 64, 65, 257])
def test_encoders_take_frames_of_any_width(kind: str, n_features: int):
    encoder = ENCODERS[kind](n_features=n_features, n_outputs=6)
    frames = torch.rand(5, n_features)
    encoded = encoder(frames)
    assert encoded.shape == (5, 6)
    torch.testing.assert_close(torch.cat([encoder(frame[None]) for frame in frames]), encoded)


@pytest.mark.parametrize("kind", DECODERS)
@pytest.mark.parametrize("n_outputs", [1, 63, 64, 65, 257, 1025])
def test_decoders_make_frames_of_any_width(kind: str, n_outputs: int):
    decoder = DECODERS[kind](n_inputs=3, n_outputs=n_outputs)
    latent = torch.randn(5, 3)
    decoded = decoder(latent)
    assert decoded.shape == (5, n_outputs)
    one_by_one = torch.cat([decoder(point[None]) for point in latent])
    torch.testing.assert_close(one_by_one, decoded, rtol=1e-4, atol=1e-6)
    assert float(decoded.detach().std(0).min()) > 0.0  # every bin follows the latent


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kernel_size", [1, 7])
def test_conv_decoder_reaches_every_width_at_every_stride(stride: int, kernel_size: int):
    for n_outputs in (1, 2, 33, 100):
        decoder = ConvDecoder(2, n_outputs, (3, 2), kernel_size, stride)
        decoded = decoder(torch.randn(4, 2)).detach()
        assert decoded.shape == (4, n_outputs)
        assert float(decoded.std(0).min()) > 0.0  # every bin follows the latent


@pytest.mark.parametrize("stride", [2, 4])
def test_conv_decoder_gives_every_bin_as_many_taps_as_its_neighbour(stride: int):
    decoder = ConvDecoder(2, 64, (3, 2), 5, stride)
    upsample = decoder.stages[2]
    nn.init.ones_(upsample.weight)
    nn.init.zeros_(upsample.bias)
    inner = upsample(torch.ones(1, 3, 16))[0, 0, stride:-stride]
    assert inner.tolist() == [6.0] * (14 * stride)  # two taps of three channels


@pytest.mark.parametrize(
    "n_features, kernel_size, stride",
    [
        (257, 9, 4),
        (1025, 9, 4),
        (60, 9, 4),
        (65, 7, 4),
        (128, 7, 4),
    ],
)
def test_conv_encoder_hears_every_bin(n_features: int, kernel_size: int, stride: int):
    encoder = ConvEncoder(n_features, 4, (3, 3), kernel_size, stride)
    frames = torch.rand(8, n_features, requires_grad=True)
    encoder(frames).square().sum().backward()
    assert frames.grad is not None
    assert int((frames.grad.abs().sum(0) == 0.0).sum()) == 0


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("direction", ["encoder", "decoder"])
def test_gradient_reaches_every_weight(kind: str, direction: str):
    if direction == "encoder":
        part, x = ENCODERS[kind](n_features=65, n_outputs=6), torch.rand(8, 65)
    else:
        part, x = DECODERS[kind](n_inputs=6, n_outputs=65), torch.randn(8, 6)
    output = part(x)
    (output * torch.randn_like(output)).sum().backward()
    assert unreached(part) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ENCODERS)
def test_scripted_models_equal_the_eager_ones(kind: str):
    model = small_model(kind).eval()
    frames = torch.rand(5, 65)
    torch.testing.assert_close(torch.jit.script(model)(frames), model(frames))


def test_kernels_without_a_middle_or_narrower_than_the_stride_are_refused():
    with pytest.raises(ValueError, match="kernel_size must be at least 2·stride - 1 = 7, got 3"):
        ConvEncoder(65, 4, kernel_size=3, stride=4)
    with pytest.raises(ValueError, match="kernel_size must be odd, got 8"):
        ConvEncoder(65, 4, kernel_size=8)
    with pytest.raises(ValueError, match="kernel_size must be odd, got 4"):
        ConvDecoder(4, 65, kernel_size=4)


# --- the whole model ---


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("output", ["softplus", "normal"])
@pytest.mark.parametrize("n_mels", [0, 24])
def test_model_goes_from_frames_to_latents_and_back(kind: str, output: str, n_mels: int):
    model = small_model(kind, output=output, transform=small_transform(n_mels=n_mels))
    frames = model.transform(torch.randn(2, 256)).flatten(0, 1)
    posterior = model.encode(frames)
    estimate = model.decode(posterior.mean)
    assert posterior.mean.shape == posterior.std.shape == (len(frames), 3)
    assert estimate.mean.shape == estimate.std.shape == frames.shape
    assert torch.equal(model(frames), estimate.mean)


def test_posterior_is_the_encoders_first_half_and_the_exponential_of_its_second():
    model = small_model()
    frames = torch.rand(4, 65)
    raw = model.encoder(frames)
    posterior = model.encode(frames)
    torch.testing.assert_close(posterior.mean, raw[:, :3])
    torch.testing.assert_close(posterior.std, torch.exp(6.0 * torch.tanh(raw[:, 3:] / 6.0)))


@torch.no_grad()
def test_softplus_output_is_a_point_estimate_that_is_never_negative():
    model = small_model()
    estimate = model.decode(20.0 * torch.randn(64, 3))
    raw = model.decoder(torch.zeros(1, 3))
    torch.testing.assert_close(model.decode(torch.zeros(1, 3)).mean, torch.log1p(raw.exp()))
    assert float(estimate.mean.min()) >= 0.0
    assert torch.equal(estimate.std, torch.ones_like(estimate.std))


@torch.no_grad()
def test_normal_output_can_be_negative_and_has_a_deviation_per_bin():
    model = small_model(output="normal", transform=small_transform(contrast="log"))
    estimate = model.decode(5.0 * torch.randn(64, 3))
    assert float(estimate.mean.min()) < 0.0 < float(estimate.std.min())
    assert float(estimate.std.std()) > 0.0


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("output", ["softplus", "normal"])
def test_training_reaches_every_weight_of_the_model(kind: str, output: str):
    model = small_model(kind, output=output)
    frames = torch.rand(8, 65)
    posterior = model.encode(frames)
    estimate = model.decode(posterior.mean + posterior.std * torch.randn(8, 3))
    (((frames - estimate.mean) / estimate.std).square() + estimate.std.log()).sum().backward()
    assert unreached(model) == []


def test_models_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"'softplus' cannot give the negative frames of .*'log'"):
        small_model(transform=small_transform(contrast="log"))
    with pytest.raises(ValueError, match="output must be one of softplus, normal, got 'sigmoid'"):
        small_model(output="sigmoid")
    with pytest.raises(ValueError, match=r"latent_dim must be a whole number .* got 0"):
        VAE(small_transform(), ENCODERS["dense"], DECODERS["dense"], latent_dim=0)


# --- from a configuration ---


def test_configuration_is_the_model(tiny_config):
    model = build_model(tiny_config)
    assert (model.transform.n_fft, model.transform.hop, model.latent_dim) == (512, 128, 4)
    assert isinstance(model.encoder, DenseEncoder) and isinstance(model.decoder, DenseDecoder)
    assert model.encoder.body[0].weight.shape == (257, 32)


def test_lists_and_interpolations_of_a_configuration_reach_the_classes(tiny_config):
    tiny_config.model.encoder = {
        "_target_": "ConvEncoder",
        "_partial_": True,
        "channels": [2, "${model.latent_dim}"],
    }
    stages = build_model(tiny_config).encoder.body.stages
    assert [stages[0].out_channels, stages[3].out_channels] == [2, 4]


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("model.encoder.hidden_dims", 8, r"^model.encoder has no key 'hidden_dims', did you"),
        ("model.latent_dims", 8, r"^model has no key 'latent_dims', did you"),
        ("model.decoder._args_", [8], r"^model.decoder has no key '_args_'"),
        ("model._recursive_", False, r"^model has no key '_recursive_'"),
        ("model.decoder._partial_", False, r"^model.decoder: must say _partial_: true"),
        ("data.transform._partial_", True, r"^data.transform has no key '_partial_'"),
        ("data.transform.hopp", 8, r"^data\.transform has no key 'hopp', did you"),
        ("data.transform.hop", 100, r"^data\.transform: .*power of two, got 100"),
        (
            "data.transform.n_fft",
            2**16,
            r"^data\.transform: n_fft must be .* up to 32768",
        ),
        ("model.output", "sigmoid", r"^model: .*softplus, normal, got 'sigmoid'"),
        (
            "model.encoder._target_",
            "vschaos2.nets.encoders.Dense",
            r"^model.encoder: _target_ .*'",
        ),
        (
            "model.encoder._target_",
            "vschaos2.families.vae.vae.VAE",
            r"^model.encoder: .*must be .*Encoder",
        ),
        ("model.encoder._target_", ["os.system"], r"^model.encoder: _target_ \['os.system'\]"),
        ("model.encoder.hidden_dim", 2**16, r"^model: has more than"),
        (
            "model.encoder.n_blocks",
            2**19,
            r"^model\.encoder\.n_blocks must be .* from 0 to 64",
        ),
        ("model.encoder.hidden_dim", 10**12, r"^model.encoder.hidden_dim: 1000000000000 is more"),
        ("model.encoder.hidden_dim", -1, r"^model"),
    ],
)
def test_build_names_the_argument_that_does_not_fit(tiny_config, key, value, message):
    OmegaConf.update(tiny_config, key, value, force_add=True)
    with pytest.raises(InputError, match=message) as caught:
        build_model(tiny_config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "builtins.eval", "torch.load"])
@pytest.mark.parametrize(
    "key",
    ["model", "model.encoder", "model.extra.deep", "data.transform", "model.encoder.channels"],
)
def test_build_calls_nothing_but_parts_of_a_model(tiny_config, tmp_path, key: str, target: str):
    trace = tmp_path / "trace"
    touch = {"_target_": target, "_args_": [f"touch {trace}"]}
    value = [touch] if key.endswith("channels") else touch
    OmegaConf.update(tiny_config, key, value, merge=False, force_add=True)
    with pytest.raises(InputError, match=f"_target_ '{target}' is not a part of a model"):
        build_model(tiny_config)
    assert not trace.exists()


def test_text_is_resolved_once(tiny_config, tmp_path):
    # What is left after one resolution is an interpolation that another one would obey.
    trace = tmp_path / "trace"
    call = (
        f"{{_target_: pathlib.Path.touch, _args_: [{{_target_: pathlib.Path, _args_: [{trace}]}}]}}"
    )
    for escapes in ("", "\\", "\\" * 3):
        tiny_config.model.encoder = escapes + "${oc.create:" + call + "}"
        with pytest.raises(InputError):
            build_model(tiny_config)
    assert not trace.exists()


def test_weights_follow_the_seed(tiny_config):
    frames = torch.rand(1, 257)
    outputs = []
    for draw in (1, 1, 2):
        torch.manual_seed(draw)
        outputs.append(build_model(tiny_config)(frames))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])
