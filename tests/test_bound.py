"""A soft bound: training values pass, what is far above stays below the ceiling, and learns."""

import copy

import pytest
import torch
import torch.nn.functional as F
from omegaconf import OmegaConf

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.meanings import meanings
from vschaos2.families.vae.vae import UNHEARD
from vschaos2.nets.bound import NEIGHBOURS, bounded, inverse_softplus, loudest_nearby, within


def test_the_bound_is_the_closed_form_and_monotonous():
    x = torch.linspace(-30.0, 30.0, 601, dtype=torch.float64)
    made = bounded(x, torch.tensor(2.0, dtype=torch.float64))
    torch.testing.assert_close(made, 2.0 - F.softplus(4.0 * (2.0 - x)) / 4.0)
    assert bool((made.diff() >= 0.0).all()) and float(made.max()) <= 2.0


def test_values_well_below_pass_and_none_exceeds_the_ceiling():
    ceiling = torch.tensor([1.0, 5.0])
    below = ceiling - torch.tensor([[2.0], [4.0], [40.0]])
    torch.testing.assert_close(bounded(below, ceiling), below, atol=1e-4, rtol=0)
    above = bounded(ceiling + torch.tensor([[0.0], [3.0], [1e6]]), ceiling)
    assert bool((above <= ceiling).all())
    torch.testing.assert_close(above[0], ceiling - torch.tensor(2.0).log() / 4.0)


def test_a_bound_that_is_far_changes_no_bit():
    x = torch.randn(1000) * 10.0
    assert torch.equal(bounded(x, torch.tensor(1e6)), x)


def test_what_rose_too_high_can_learn_to_come_down():
    x = torch.tensor(3.0, requires_grad=True)
    bounded(x, torch.tensor(1.0)).backward()
    torch.testing.assert_close(x.grad, torch.tensor(-8.0).sigmoid())


def test_a_frame_keeps_its_shape_and_no_norm_exceeds_the_greatest():
    frames = torch.rand(5, 30) * torch.tensor([1e-3, 0.1, 1.0, 100.0, 0.0])[:, None]
    made = within(frames, torch.tensor(3.0))
    norms, due = made.norm(dim=1), frames.norm(dim=1)
    torch.testing.assert_close(norms, due * (1.0 + (due / 3.0) ** 6) ** (-1.0 / 6.0))
    torch.testing.assert_close(made * due[:, None], frames * norms[:, None])
    assert bool((norms < 3.0 * 1.0001).all()) and float(norms[3]) > 2.99
    assert torch.equal(made[4], torch.zeros(30))


def test_softplus_undoes_its_inverse():
    y = torch.tensor([1e-4, 0.1, 1.0, 30.0])
    torch.testing.assert_close(F.softplus(inverse_softplus(y)), y, rtol=1e-4, atol=1e-7)


def test_the_loudest_of_a_bin_is_that_of_its_neighbours_in_any_frame():
    magnitude = torch.zeros(3, 100)
    magnitude[1, 50] = 7.0
    found = loudest_nearby(magnitude)
    heard = (torch.arange(100) - 50).abs() <= NEIGHBOURS
    torch.testing.assert_close(found, 7.0 * heard)


@pytest.mark.parametrize("changes", [{}, {"output": "normal"}], ids=["softplus", "normal"])
def test_no_latent_is_louder_than_the_recordings_and_the_headroom(tiny_config, changes):
    config = OmegaConf.merge(tiny_config, {"model": {"headroom_db": 40.0, **changes}})
    OmegaConf.update(config, "model.decoder.linear", True, force_add=True)
    model = build_model(config)
    magnitude = torch.rand(40, model.transform.n_bins) + 0.5
    model.transform.fit_level(1.0)
    model.fit_loudest(magnitude)
    limit = loudest_nearby(magnitude) * 100.0
    with torch.no_grad():
        model.decoder.linear.weight.fill_(1.0)
        far = torch.full((1, model.latent_dim), 30.0)
        made = model.to_magnitude(model.decode(far).mean)[0]
        near = model.to_magnitude(model.decode(0.0 * far).mean)[0]
        model.loudest.fill_(UNHEARD)
        model.loudest_frame.fill_(UNHEARD)
        free = model.to_magnitude(model.decode(0.0 * far).mean)[0]
        unbounded = model.to_magnitude(model.decode(far).mean)[0]
    assert float(made.norm()) < 1.001 * 100.0 * float(magnitude.norm(dim=1).max())
    assert bool((made < limit).all()) and float(unbounded.min()) > 1e5
    torch.testing.assert_close(near, free, rtol=0.02, atol=0.02)


def test_a_model_without_headroom_has_nothing_more_to_store(tiny_config):
    model = build_model(tiny_config)
    assert not {"loudest", "loudest_frame", "gain"} & set(model.state_dict())


def test_what_is_measured_on_a_models_own_material_is_not_lent(tiny_config):
    config = OmegaConf.merge(tiny_config, {"model": {"headroom_db": 6.0, "calibrated": True}})
    model = build_model(copy.deepcopy(config))
    own = {"loudest", "loudest_frame", "gain"}
    assert own <= set(model.state_dict()) and not own & set(meanings(model, {}))
