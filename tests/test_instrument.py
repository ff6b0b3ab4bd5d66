import math

import pytest
import torch
from torch import Tensor, nn

from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore, known_modes
from vschaos2.families.vae.projection import PROJECTIONS, LatentAxes
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.nets.distributions import Normal

N_FFT, HOP = 512, 128
METHODS = ("forward", "encode", "decode")
BLOCK_HOPS = (1, 3, 4, 16)
TEST_HOPS = 48
EXACT_MODES = ("random", "eco")  # those that give the same samples in blocks of any size

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def sound(hops: int = TEST_HOPS, batch: int = 1, seed: int = 0) -> Tensor:
    """Noise at -20 dB, [B, 1, hops·HOP]."""
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(batch, 1, hops * HOP, generator=generator)


def played(hops: int = TEST_HOPS, batch: int = 1, seed: int = 1) -> Tensor:
    """Latents all over the player's range, [B, 4, hops]."""
    generator = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(batch, 4, hops, generator=generator)


def input_of(method: str, hops: int = TEST_HOPS, batch: int = 1, seed: int = 0) -> Tensor:
    return (played if method == "decode" else sound)(hops, batch, seed)


def in_blocks(instrument, method: str, whole: Tensor, hops: int) -> Tensor:
    """What a method gives in blocks of so many hops, joined."""
    size = hops if method == "decode" else hops * HOP
    return torch.cat([getattr(instrument, method)(part) for part in whole.split(size, -1)], -1)


def assert_same(actual: Tensor, expected: Tensor, of_peak: float = 1e-5) -> None:
    peak = float(expected.abs().max())
    torch.testing.assert_close(actual, expected, rtol=0, atol=of_peak * peak)


class Mirror(nn.Module):
    """A model that changes nothing: its latents are its frames, and these the magnitudes."""

    def __init__(self) -> None:
        super().__init__()
        self.transform = SpectralTransform(n_fft=N_FFT, hop=HOP, contrast="linear")
        self.latent_dim = self.transform.n_features
        self.state_size = 0
        self.conditioning = Conditioning()
        self.prediction = Prediction(None, self.latent_dim, self.latent_dim, self.conditioning)

    def encode(self, frames: Tensor) -> Normal:
        return Normal(frames, torch.ones_like(frames))

    decode = encode

    def to_magnitude(self, frames: Tensor) -> Tensor:
        return self.transform.to_magnitude(frames)

    def coherence(self, latent: Tensor, labels: Tensor | None) -> Tensor | None:
        return None


def mirror_core(forward_mode: str = KEEP_INPUT, decode_mode: str = "balanced") -> InstrumentCore:
    size = N_FFT // 2 + 1
    zeros, eye = torch.zeros(size), torch.eye(size)
    axes = LatentAxes(zeros, eye, eye, zeros + 1 / size, zeros - 3, zeros + 3)
    everywhere = dict.fromkeys(PROJECTIONS, axes)
    return InstrumentCore(Mirror(), everywhere, size, forward_mode, decode_mode).eval()


# --- blocks ---


@pytest.mark.parametrize("hops", [1, 2, 3, 4, 5, 7, 8, 16, 17, 64])
def test_every_block_gives_its_exact_length(instrument, hops: int):
    with torch.inference_mode():
        shapes = {m: list(getattr(instrument, m)(input_of(m, hops)).shape) for m in METHODS}
    expected = [1, 1, hops * HOP]
    assert shapes == {"forward": expected, "encode": [1, 4, hops], "decode": expected}
    assert instrument.encode(sound(hops)).dtype == torch.float32


@pytest.mark.parametrize("inversion", known_modes())
def test_block_sizes_may_change_from_call_to_call(instrument, inversion: str):
    """And where a mode does not refine, they leave no trace."""
    assert instrument.set_inversion(inversion) == 0
    with torch.inference_mode():
        for method in ("forward", "decode"):
            whole = input_of(method, 16)
            instrument.set_reset(True)
            expected = getattr(instrument, method)(whole)
            instrument.set_reset(True)
            scale = 1 if method == "decode" else HOP
            parts = whole.split([n * scale for n in (1, 5, 2, 1, 7)], -1)
            joined = torch.cat([getattr(instrument, method)(part) for part in parts], -1)
            assert joined.shape == expected.shape and bool(joined.isfinite().all())
            if inversion in EXACT_MODES or (inversion, method) == (KEEP_INPUT, "forward"):
                assert_same(joined, expected)


@pytest.mark.parametrize("hops", BLOCK_HOPS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_scripted", [False, True], ids=["eager", "scripted"])
def test_blocks_equal_the_whole(tiny_core, instrument, is_scripted: bool, method: str, hops: int):
    whole = input_of(method)
    tiny_core.set_modes(KEEP_INPUT, "eco")
    expected = getattr(tiny_core, method)(whole)
    tiny_core.reset()
    if is_scripted:
        assert instrument.set_inversion("eco" if method == "decode" else KEEP_INPUT) == 0
    with torch.inference_mode():
        assert_same(
            in_blocks(instrument if is_scripted else tiny_core, method, whole, hops), expected
        )


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_encode_is_the_offline_encoder_on_the_players_axes(instrument, tiny_run, tiny_axes, kind):
    """Frame f of the stream ends with hop f: the first n_fft - hop samples before it are zero."""
    model, axes = tiny_run.model, tiny_axes[kind]
    assert instrument.set_projection(kind) == 0
    offline = torch.nn.functional.pad(sound()[:, 0], (N_FFT - HOP, 0))
    latent = model.encode(model.transform(offline)[0]).mean
    expected = ((latent - axes.centre) @ axes.to_axes).T[None]
    assert_same(in_blocks(instrument, "encode", sound(), 3), expected, of_peak=1e-4)


def test_forward_with_the_inputs_phase_is_the_offline_filter_n_fft_minus_hop_later(
    instrument, tiny_run
):
    model, transform = tiny_run.model, tiny_run.model.transform
    padded = torch.nn.functional.pad(sound()[:, 0], (N_FFT - HOP, 0))
    coefficients = transform.analyse(padded)
    heard = coefficients.abs()
    shaped = transform.to_magnitude(model(transform.to_frames(heard[0])))
    offline = transform.synthesise(coefficients * (shaped / heard.clamp_min(1e-12)))
    assert instrument.set_inversion(KEEP_INPUT) == 0
    assert_same(in_blocks(instrument, "forward", sound(), 4)[0], offline[:, : TEST_HOPS * HOP])


@pytest.mark.parametrize("method", METHODS)
def test_methods_share_no_state(instrument, twin, method: str):
    with torch.inference_mode():
        for number in range(6):
            for other in METHODS:
                if other != method:
                    getattr(instrument, other)(input_of(other, 2, seed=10 + number))
            block = input_of(method, 3, seed=number)
            expected = getattr(twin, method)(block)
            assert torch.equal(getattr(instrument, method)(block), expected)


@pytest.mark.parametrize("inversion", known_modes())
@pytest.mark.parametrize("method", METHODS)
def test_instruments_of_a_batch_play_as_if_alone(instrument, method: str, inversion: str):
    first, second = input_of(method, 8, seed=5), input_of(method, 8, seed=6)
    assert instrument.set_inversion(inversion) == 0
    with torch.inference_mode():
        together = in_blocks(instrument, method, torch.cat((first, second)), 4)
        for row, whole in zip(together, (first, second), strict=True):
            instrument.set_reset(True)
            alone = in_blocks(instrument, method, whole, 4)[0]
            # Refinement follows the loudest paths: rounding may turn it where two are alike.
            assert_same(
                row, alone, of_peak=1e-5 if inversion in (*EXACT_MODES, KEEP_INPUT) else 0.05
            )


@pytest.mark.parametrize("inversion", known_modes())
@pytest.mark.parametrize("method", METHODS)
def test_another_batch_size_starts_anew(instrument, method: str, inversion: str):
    instrument.set_inversion(inversion)
    with torch.inference_mode():
        fresh = getattr(instrument, method)(input_of(method, 4))
        for batch in (3, 1, 2):
            heard = getattr(instrument, method)(input_of(method, 4, batch, seed=8))
            assert heard.shape[0] == batch and bool(heard.isfinite().all())
        assert torch.equal(getattr(instrument, method)(input_of(method, 4)), fresh)


def test_warming_up_leaves_nothing_to_hear(fresh_instrument, twin):
    fresh_instrument.get_methods()
    for method in METHODS:
        warm, cold = (getattr(m, method)(input_of(method, 4)) for m in (fresh_instrument, twin))
        assert_same(warm, cold, of_peak=1e-6)


# --- what comes in ---


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_samples_that_are_no_numbers_count_as_silence(instrument, twin, bad: float):
    clean = sound(8)
    broken = clean.clone()
    broken[..., 300:700] = bad
    clean[..., 300:700] = 0.0
    with torch.inference_mode():
        for method in ("forward", "encode"):
            heard = in_blocks(instrument, method, broken, 2)
            assert bool(heard.isfinite().all())
            assert torch.equal(heard, in_blocks(twin, method, clean, 2))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e30, -1e30])
@pytest.mark.parametrize("inversion", MODES)
def test_latents_that_are_no_coordinates_leave_sound_finite(instrument, inversion: str, bad: float):
    assert instrument.set_inversion(inversion) == 0
    latents = played(8)
    latents[:, 1, 3] = bad
    with torch.inference_mode():
        assert bool(in_blocks(instrument, "decode", latents, 2).isfinite().all())


def test_latents_that_are_no_numbers_are_the_middle_of_their_axis(instrument, twin):
    broken, middle = played(8), played(8)
    broken[:, 2], middle[:, 2] = math.nan, 0.0
    assert torch.equal(instrument.decode(broken), twin.decode(middle))


@pytest.mark.parametrize("level", [1e4, 1e20])
def test_input_far_above_full_scale_stays_finite_and_passes(instrument, level: float):
    with torch.inference_mode():
        loud = instrument.forward(level * sound(8))
        assert bool(loud.isfinite().all())
        for _ in range(2):
            after = instrument.forward(torch.zeros(1, 1, 8 * HOP))
        assert float(after.abs().max()) == 0.0


@pytest.mark.parametrize("inversion", ["default", *known_modes()])
@pytest.mark.parametrize("hops", [1, 8])
def test_silence_gives_silence_before_and_after_a_sound(instrument, inversion: str, hops: int):
    assert instrument.set_inversion(inversion) == 0
    silence = torch.zeros(1, 1, 8 * HOP)
    with torch.inference_mode():
        assert float(in_blocks(instrument, "forward", silence, hops).abs().max()) == 0.0
        assert float(in_blocks(instrument, "forward", sound(8), hops).abs().max()) > 0.01
        in_blocks(instrument, "forward", silence, hops)  # the last frames pass
        assert float(in_blocks(instrument, "forward", silence, hops).abs().max()) == 0.0


# --- gain ---


@pytest.mark.parametrize("method", ["forward", "decode"])
@pytest.mark.parametrize("hops", [1, 5])
def test_gain_moves_in_a_straight_line_over_one_block(instrument, twin, method: str, hops: int):
    size, before = hops * HOP, 1.0
    assert instrument.set_limiter("off") == 0 and twin.set_limiter("off") == 0
    with torch.inference_mode():
        for number, gain_db in enumerate([0.0, -6.0, -6.0, 12.0, 0.0, 0.0]):
            block = input_of(method, hops, seed=number)
            assert instrument.set_gain_db(gain_db) == 0
            target = 10.0 ** (gain_db / 20.0)
            ramp = before + (target - before) * torch.arange(1, size + 1) / size
            expected = getattr(twin, method)(block) * ramp
            assert_same(getattr(instrument, method)(block), expected, of_peak=1e-6)
            before = target


def test_gain_never_steps():
    """A tone through the mirror: neighbouring samples differ by the tone's slope and the ramp's."""
    core = mirror_core()
    time = torch.arange(40 * HOP)
    tone = torch.sin(2 * math.pi * 441 * time / 44100).reshape(1, 1, -1)
    core(tone[..., : 8 * HOP])
    heard = []
    for number, block in enumerate(tone[..., 8 * HOP :].split(2 * HOP, -1)):
        core.set_gain([0.1, 1.0, 0.5][number % 3])
        heard.append(core(block))
    steps = torch.cat(heard, -1)[0, 0].diff().abs()
    slope = 2 * math.pi * 441 / 44100 + 0.9 / (2 * HOP)
    assert 0.5 * slope < float(steps.max()) < slope * 1.01


def test_each_method_ramps_when_it_is_played_next(instrument, twin):
    for each in (twin, instrument):
        each.forward(sound(2))
        each.decode(played(2))
    instrument.set_gain_db(-20.0)
    for _ in range(3):
        twin.forward(sound(2))
        instrument.forward(sound(2))
    gain = instrument.decode(played(2)) / twin.decode(played(2))
    torch.testing.assert_close(gain[0, 0, -1].item(), 0.1, rtol=1e-3, atol=0)
    torch.testing.assert_close(gain[0, 0, 0].item(), 1 - 0.9 / (2 * HOP), rtol=1e-3, atol=0)


def test_gain_leaves_the_latents_alone(instrument, twin):
    instrument.set_gain_db(-40.0)
    assert torch.equal(instrument.encode(sound(4)), twin.encode(sound(4)))


# --- reset and settings between blocks ---


@pytest.mark.parametrize("inversion", known_modes())
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_inference", [False, True], ids=["outside", "inside"])
def test_reset_forgets_all_that_was_heard(
    instrument, method: str, inversion: str, is_inference: bool
):
    """Methods run under InferenceMode in the host, setters do not."""
    instrument.set_inversion(inversion)
    with torch.inference_mode():
        first = in_blocks(instrument, method, input_of(method, 6), 3)
        again = in_blocks(instrument, method, input_of(method, 6), 3)
    assert not torch.equal(first, again)
    with torch.inference_mode(is_inference):
        assert instrument.set_reset(True) == 0
    with torch.inference_mode():
        assert torch.equal(in_blocks(instrument, method, input_of(method, 6), 3), first)


def test_settings_may_change_between_any_two_blocks(instrument):
    with torch.inference_mode():
        for method in METHODS:
            getattr(instrument, method)(input_of(method, 3))
    for inversion in instrument.control_choices["inversion"]:
        assert instrument.set_inversion(inversion) == 0
        assert instrument.set_projection(PROJECTIONS[len(inversion) % 3]) == 0
        assert instrument.set_temperature(0.1) == 0
        assert instrument.set_gain_db(-float(len(inversion))) == 0
        with torch.inference_mode():
            for method in METHODS:
                heard = getattr(instrument, method)(input_of(method, 3))
                assert bool(heard.isfinite().all())


def test_reset_keeps_the_settings(instrument):
    instrument.set_gain_db(-20.0)
    instrument.set_inversion("eco")
    with torch.inference_mode():
        instrument.set_reset(True)
        quiet = instrument.decode(played(8))
        instrument.set_gain_db(0.0)
        instrument.set_reset(True)
        assert_same(quiet, 0.1 * instrument.decode(played(8)))


# --- delay ---


@pytest.mark.parametrize("mode", known_modes())
@pytest.mark.parametrize("hops", [1, 4])
def test_declared_delay_of_forward_is_the_one_measured(mode: str, hops: int):
    """By the centre of the energy of a tone burst that passes the mirror."""
    core = mirror_core(mode)
    time = torch.arange(float(64 * HOP))
    envelope = torch.exp(-0.5 * ((time - 20.3 * HOP) / 300.0) ** 2)
    burst = (envelope * torch.sin(2 * math.pi * 1000 * time / 44100)).reshape(1, 1, -1)

    def centre(signal: Tensor) -> float:
        energy = signal.flatten().square()
        return float((energy * time).sum() / energy.sum())

    measured = centre(in_blocks(core, "forward", burst, hops)) - centre(burst)
    # Random phases scatter the energy within the frames.
    assert measured == pytest.approx(core.forward_delay(), abs=HOP if mode == "random" else 2)


@pytest.mark.parametrize("mode", MODES)
def test_declared_delay_of_decode_is_the_one_measured(mode: str):
    """The frame that a burst fills most ends n_fft/2 after its centre: decode starts from there."""
    core = mirror_core(decode_mode=mode)
    core.latent_limit = math.inf
    time = torch.arange(float(64 * HOP))
    envelope = torch.exp(-0.5 * ((time - 20.3 * HOP) / 300.0) ** 2)
    burst = (envelope * torch.sin(2 * math.pi * 1000 * time / 44100)).reshape(1, 1, -1)
    heard = core.decode(core.encode(burst)).flatten().square()
    energy = burst.flatten().square()
    measured = float((heard * time).sum() / heard.sum() - (energy * time).sum() / energy.sum())
    assert measured == pytest.approx(core.decode_delay(), abs=HOP if mode == "random" else 2)


def test_forward_through_a_model_that_changes_nothing_is_a_pure_delay():
    core = mirror_core()
    heard = in_blocks(core, "forward", sound(), 3)
    torch.testing.assert_close(
        heard[..., core.forward_delay() :], sound()[..., : -core.forward_delay()], rtol=0, atol=1e-6
    )
    assert float(heard[..., : core.forward_delay()].abs().max()) < 1e-6


# --- temperature ---


@pytest.mark.parametrize("method", METHODS)
def test_zero_temperature_is_deterministic_and_any_other_is_not(instrument, method: str):
    heard = []
    with torch.inference_mode():
        for temperature in (0.0, 0.0, 0.5, 0.5):
            assert instrument.set_temperature(temperature) == 0
            instrument.set_reset(True)
            heard.append(getattr(instrument, method)(input_of(method, 4)))
    assert torch.equal(heard[0], heard[1])
    assert not torch.allclose(heard[0], heard[2]) and not torch.allclose(heard[2], heard[3])


@pytest.mark.parametrize("kind", PROJECTIONS)
@pytest.mark.parametrize("temperature", [0.3, 2.0])
def test_encode_draws_from_the_posterior(tiny_core, tiny_axes, kind: str, temperature: float):
    """In silence it never changes: axis i has variance Σ_j (τ σ_j A_ji)² around its mean."""
    torch.manual_seed(0)
    silence = torch.zeros(1, 1, 8000 * HOP)
    tiny_core.set_projection(PROJECTIONS.index(kind))
    mean = tiny_core.encode(silence[..., :HOP])[0, :, 0]
    std = tiny_core.model.encode(torch.zeros(1, 257)).std[0]
    tiny_core.set_temperature(temperature)
    draws = tiny_core.encode(silence)[0]
    variance = (temperature * std[:, None] * tiny_axes[kind].to_axes).square().sum(0)
    # Of 8000 draws the variance deviates by √(2/8000) = 1.6 %, the mean by σ/√8000.
    torch.testing.assert_close(draws.var(1), variance, rtol=0.08, atol=0)
    assert bool(((draws.mean(1) - mean).abs() < 5 * (variance / 8000).sqrt()).all())
    assert abs(float(torch.corrcoef(torch.stack((draws[0, 1:], draws[0, :-1])))[0, 1])) < 0.06


class Eavesdropper(InstrumentCore):
    """Remembers the latents that reach the decoder."""

    def magnitude(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        self.latents = latent
        return super().magnitude(latent, labels)


def test_decode_adds_noise_of_its_temperature_on_every_axis(tiny_run, tiny_axes):
    torch.manual_seed(0)
    core = Eavesdropper(tiny_run.model, tiny_axes, latent_dims=4).eval()
    core.set_projection(PROJECTIONS.index("pca"))
    core.set_temperature(0.4)
    core.decode(torch.ones(1, 4, 5000))
    axes = tiny_axes["pca"]
    noise = (core.latents - axes.centre) @ axes.to_axes - 1.0
    torch.testing.assert_close(noise.std(0), torch.full((4,), 0.4), rtol=0.05, atol=0)
    assert float(noise.mean(0).abs().max()) < 5 * 0.4 / math.sqrt(5000)


# --- projections ---


@pytest.mark.parametrize("kind", PROJECTIONS)
def test_what_is_encoded_reaches_the_decoder_unchanged(tiny_run, tiny_axes, kind: str):
    core = Eavesdropper(tiny_run.model, tiny_axes, latent_dims=4).eval()
    core.set_projection(PROJECTIONS.index(kind))
    axes = core.encode(sound())
    heard = torch.nn.functional.pad(sound()[:, 0], (N_FFT - HOP, 0))
    expected = tiny_run.model.encode(tiny_run.model.transform(heard)[0]).mean
    assert float(axes.abs().max()) < core.latent_limit
    core.decode(axes)
    torch.testing.assert_close(core.latents, expected, rtol=0, atol=1e-4)


def test_all_projections_play_the_same_sound_where_all_axes_are_shown(instrument):
    heard = []
    assert instrument.set_inversion("eco") == 0
    for kind in PROJECTIONS:
        assert instrument.set_projection(kind) == 0
        instrument.set_reset(True)
        heard.append(instrument.decode(instrument.encode(sound(16))))
    for other in heard[1:]:
        assert_same(other, heard[0], of_peak=1e-2)


def test_axes_that_are_not_shown_stay_at_the_mean(tiny_run, tiny_axes):
    core = Eavesdropper(tiny_run.model, tiny_axes, latent_dims=2).eval()
    core.set_projection(PROJECTIONS.index("pca"))
    axes = tiny_axes["pca"]
    shown = core.encode(sound(8))
    assert shown.shape == (1, 2, 8)
    core.decode(torch.tensor([[[1.0], [-2.0]]]))
    expected = axes.centre + 1.0 * axes.from_axes[0] - 2.0 * axes.from_axes[1]
    torch.testing.assert_close(core.latents[0], expected)
    full = InstrumentCore(tiny_run.model, tiny_axes, latent_dims=4).eval()
    full.set_projection(PROJECTIONS.index("pca"))
    torch.testing.assert_close(shown, full.encode(sound(8))[:, :2])
