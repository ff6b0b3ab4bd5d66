"""A bridge as a host plays it: nothing carried over is the VAE, and blocks equal the whole."""

import json
from pathlib import Path

import pytest
import torch
from conftest import seeded_model
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.trial import settings
from vschaos2.export.write import export_playable
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.kept import Kept
from vschaos2.families.bridge.playable import PlayableBridge, playable
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.projection import PROJECTIONS, fit_axes
from vschaos2.flows.noise_bridge import NoiseBridge
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.translator import Translator
from vschaos2.patches.controls import words_of
from vschaos2.runs.folder import Run

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
HOP, HOPS = 128, 24
NAMES = ("flute", "violin")


def bridge(names: tuple[str, ...] = NAMES) -> BridgeModel:
    """A bridge of chance weights whose ways go far."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        translator = Translator(4, len(names), context=3, hidden_dims=16)
        flow = SequenceNet(4, len(names), hidden_dims=8, dilations=(1, 2))
        for weight in (*translator.parameters(), *flow.parameters()):
            torch.nn.init.normal_(weight, std=0.5)
        model = BridgeModel(seeded_model(), names, translator, flow)
        model.centres.normal_()
        model.affine.add_(torch.randn_like(model.affine), alpha=0.3)
        model.is_fitted.fill_(1.0)
    return model.eval().requires_grad_(False)


def run_of(model: BridgeModel) -> Run:
    latents = torch.randn(200, 4, generator=torch.Generator().manual_seed(2))
    return Run(Path("runs/duo/version_0"), None, model, Kept(latents, {}), {})


def playing(names: tuple[str, ...] = NAMES, **wishes) -> PlayableBridge:
    return playable(run_of(bridge(names)), {"to": names[1], "from": names[0], **wishes})


def sound(hops: int = HOPS, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(1, 1, hops * HOP, generator=torch.Generator().manual_seed(seed))


def vae_core(mode: str) -> InstrumentCore:
    run = run_of(bridge())
    axes = {
        kind: fit_axes(run.kept.latents, kind, run.model.vae.unlabelled_magnitude)
        for kind in PROJECTIONS
    }
    core = InstrumentCore(
        run.model.vae, axes, 4, mode, "live", is_hosted=True, texture=run.model.vae.texture
    )
    core.set_projection(PROJECTIONS.index("pca"))
    return core.eval()


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    """flute2violin.ts, its card and patches."""
    folder = tmp_path_factory.mktemp("bridge")
    export_playable(playing(), {}, folder, "flute2violin", blocks=1)
    return folder


@torch.inference_mode()
@pytest.mark.parametrize("mode", [KEEP_INPUT, "live", "eco", "balanced"])
def test_nothing_carried_over_is_the_vae_bit_for_bit(mode):
    core, alone, block = playing().core, vae_core(mode), sound()
    core.set_modes(mode, "live")
    core.set_amount(0.0)
    core.reset()
    due = alone(block)
    assert torch.equal(core(block), due)
    assert core.forward_delay() == alone.forward_delay()
    core.set_amount(1.0)
    core.reset()
    assert (core(block) - due).abs().max() > 0.01 * due.abs().max()


@torch.inference_mode()
def test_an_instrument_carried_over_to_itself_stays():
    core, axes = playing().core, torch.randn(1, 4, HOPS)
    core.set_way(1, 1)
    torch.testing.assert_close(core.translate(axes), axes, rtol=0, atol=1e-4)


@torch.inference_mode()
def test_translate_is_the_model_seen_on_the_axes():
    core = playing().core
    axes = torch.randn(1, 4, HOPS, generator=torch.Generator().manual_seed(3))
    latents = core.latent_at(axes[0].T)
    model = bridge()
    moved, _ = model.translate(latents[None], model.initial_state(1), 0, 1)
    torch.testing.assert_close(core.translate(axes)[0].T, core.axes_of(moved[0]))
    core.set_amount(0.5)
    core.reset()
    half = (axes[0].T + core.axes_of(moved[0])) / 2.0
    torch.testing.assert_close(core.translate(axes)[0].T, half)
    core.set_amount(0.0)
    core.reset()
    assert torch.equal(core.translate(axes), axes)


@torch.inference_mode()
def test_what_is_carried_over_is_as_loud_as_what_is_heard():
    core, seen = playing().core, {}
    core.forward_inversion.register_forward_pre_hook(
        lambda _, given: seen.update(made=given[0].norm(dim=-1))
    )
    swell = sound() * torch.linspace(0.1, 1.0, HOPS * HOP)
    due = core.forward_analysis(swell[:, 0]).abs().norm(dim=-1)
    core.reset()
    core(swell)
    torch.testing.assert_close(seen["made"], due, rtol=1e-3, atol=1e-5)
    core.set_dynamics(0.0)
    core.reset()
    core(swell)
    assert (seen["made"] / due - 1.0).abs().max() > 0.1


@torch.inference_mode()
def test_what_is_transposed_is_heard_where_it_is_moved_to():
    """An octave up, partials of a spectrum lie twice as high, and the model hears that."""
    core = playing().core
    spectrum = torch.rand(8, 257, generator=torch.Generator().manual_seed(6))
    as_it_is = core.sample(spectrum)
    core.set_transpose(12.0)
    higher = torch.zeros_like(spectrum)
    higher[:, ::2] = spectrum[:, :129]
    higher[:, 1::2] = (spectrum[:, :128] + spectrum[:, 1:129]) / 2.0
    moved = core.sample(spectrum)
    core.set_transpose(0.0)
    torch.testing.assert_close(moved, core.sample(higher))
    assert torch.equal(core.sample(spectrum), as_it_is)


@torch.inference_mode()
def test_amount_moves_by_equal_steps_in_any_blocks():
    core, due = playing().core, [1.0, 0.75, 0.5, 0.3, 0.3, 0.3]
    for sizes in ((6,), (1,) * 6, (2, 4), (4, 2)):
        core.set_amount(1.0)
        core.reset()
        core.translate(torch.zeros(1, 4, 1))
        core.set_amount(0.3)
        heard = [1.0]
        for size in (5,) if sizes == (6,) else (*sizes[:-1], sizes[-1] - 1):
            if size:
                core.translate(torch.zeros(1, 4, size))
                heard += core.translate_amount.last.tolist()
        assert heard == pytest.approx(due, abs=1e-6)


def test_the_file_tells_its_way(exported):
    card = json.loads((exported / "flute2violin.json").read_text())
    assert card["bridge"]["from"] == "flute" and card["bridge"]["to"] == "violin"
    assert list(card["methods"]) == ["forward", "encode", "decode", "translate"]
    assert card["methods"]["translate"] == {
        "inlets": 4, "in_ratio": HOP, "outlets": 4, "out_ratio": HOP,
    }  # fmt: skip
    assert card["delay_samples"]["forward"] == vae_core("live").forward_delay() == 256
    assert card["delay_samples"]["forward"] <= vae_core(KEEP_INPUT).forward_delay()
    assert card["largest_deviation_from_offline"] <= 1e-5
    names = [told["name"] for told in card["attributes"]]
    assert names[:3] == ["amount", "transpose", "dynamics"] and "target" not in names
    patch = (exported / "flute2violin.pd").read_text()
    assert "flute2violin-set-amount" in patch and "flute2violin-set-dynamics" in patch


def test_the_table_tells_of_octaves(exported):
    """A translator plays where it was taught to; what goes through noise keeps what it hears."""
    card = json.loads((exported / "flute2violin.json").read_text())
    assert PlayableBridge.table(card)[0] == (
        "  from flute to violin by translator; amount 0 is the VAE's own sound"
    )
    for way, said in (
        ("translator", "  plays 2 octaves above what it hears, as it learnt"),
        ("bridge", "  violin lies 2 octaves above: set transpose 24"),
    ):
        card["bridge"] |= {"way": way, "octaves": 2}
        assert PlayableBridge.table(card)[1] == said


@torch.inference_mode()
def test_a_reset_forgets_the_past(exported):
    loaded = torch.jit.load(str(exported / "flute2violin.ts"))
    axes = torch.randn(1, 4, HOPS, generator=torch.Generator().manual_seed(4))
    first = loaded.translate(axes)
    assert (loaded.translate(axes) - first).abs().max() > 1e-3  # it hears frames of the past
    set_attribute(loaded, "reset", True)
    assert torch.equal(loaded.translate(axes), first)


@torch.inference_mode()
def test_target_and_source_are_chosen_where_there_are_several():
    names = ("flute", "violin", "tenor sax")
    loaded = playing(names).script()
    axes = torch.randn(1, 4, HOPS, generator=torch.Generator().manual_seed(4))
    first = loaded.translate(axes)
    assert get_attribute(loaded, "target") == ["violin"]
    assert set_attribute(loaded, "target", "tenor_sax") == 0
    set_attribute(loaded, "reset", True)
    model = bridge(names)
    core = playing(names).core
    latents = core.latent_at(axes[0].T)
    moved, _ = model.translate(latents[None], model.initial_state(1), 0, 2)
    torch.testing.assert_close(loaded.translate(axes)[0].T, core.axes_of(moved[0]))
    assert (loaded.translate(axes) - first).abs().max() > 1e-3
    set_attribute(loaded, "target", "flute")
    torch.testing.assert_close(loaded.translate(axes), axes, rtol=0, atol=1e-4)
    assert set_attribute(loaded, "target", "oboe") != 0


@torch.inference_mode()
@pytest.mark.parametrize("method", ["bridge", "affine"])
def test_other_ways_are_scripted_and_play_in_blocks_as_whole(method):
    made = playing(method=method)
    loaded = made.script()
    assert made.core.way.name == method
    for name in ("forward", "translate"):
        whole = made.example(name, HOPS * HOP, torch.Generator().manual_seed(5))
        with (
            settings(loaded, made.exact.get(name, {})),
            settings(made.eager, made.exact.get(name, {})),
        ):
            due = getattr(made.eager, name)(whole)
            torch.testing.assert_close(getattr(loaded, name)(whole), due, rtol=0, atol=1e-5)
            for frames in (1, 3, 5):
                set_attribute(loaded, "reset", True)
                size = frames * (HOP if name == "forward" else 1)
                pieces = [getattr(loaded, name)(piece) for piece in whole.split(size, -1)]
                torch.testing.assert_close(torch.cat(pieces, -1), due, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_the_way_through_noise_is_that_of_the_flow():
    core, model = playing(method="bridge", sigma=1.0, steps=3, guidance=0.5).core, bridge()
    axes = torch.randn(1, 4, HOPS, generator=torch.Generator().manual_seed(3))
    x = model.standardised(core.latent_at(axes[0].T))[None]
    through = NoiseBridge(model.flow, "straight", 0.5, 3, "midpoint", guidance=0.5)
    ends = torch.zeros(1, dtype=torch.long), torch.ones(1, dtype=torch.long)
    due, _ = through(x, torch.zeros(1, through.state_size), *ends)
    made = core.translate(axes)[0].T
    torch.testing.assert_close(made, core.axes_of(model.latents_of(due)[0]), rtol=1e-4, atol=1e-4)


def test_names_are_words_of_messages():
    assert words_of(["alto sax", "alto_sax", "1", "é"]) == [
        "alto_sax",
        "alto_sax_",
        "instrument_1",
        "_",
    ]


@pytest.mark.parametrize(
    ("names", "wishes", "said"),
    [
        (NAMES, {}, "--to is missing: give one of flute, violin"),
        (NAMES, {"to": "oboe"}, "--to oboe: no such instrument"),
        (NAMES, {"to": "flute", "from": "flute"}, "both flute"),
        (("a", "b", "c"), {"to": "a"}, "--from is missing"),
        (NAMES, {"to": "violin", "inversion": "keep_input"}, "inversion must be one of"),
        (NAMES, {"to": "violin", "confidence": True}, "--confidence"),
        (NAMES, {"to": "violin", "texture": 2.0}, "texture"),
        (NAMES, {"to": "violin", "rate": 8000}, "--rate 8000"),
        (NAMES, {"to": "violin", "method": "warm"}, "--method warm"),
        (NAMES, {"to": "violin", "sigma": 1.0}, "--sigma: belongs to --method bridge"),
        (NAMES, {"to": "violin", "method": "bridge", "steps": 0}, "--steps"),
        (NAMES, {"to": "violin", "method": "bridge", "sigma": 1e9}, "--sigma"),
        (NAMES, {"to": "violin", "method": "bridge", "guidance": -1.0}, "--guidance"),
        (NAMES, {"to": "violin", "guidance": 0.2}, "--guidance: belongs to --method bridge"),
    ],
)
def test_what_cannot_be_is_refused(names, wishes, said):
    with pytest.raises(InputError, match=said) as refused:
        playable(run_of(bridge(names)), wishes)
    assert "\n" not in str(refused.value)


def test_of_two_one_name_tells_the_other():
    for wishes in ({"to": "flute"}, {"from": "violin"}):
        made = playable(run_of(bridge()), wishes)
        assert isinstance(made.core, BridgeCore)
        assert (made.core.source, made.core.target) == (1, 0)
