"""What a bridge learns: of a moment of one instrument what the other would do in its place."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vschaos2.data.latent_module import LatentDataModule
from vschaos2.data.latent_takes import LatentTake, key_range
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.takes import octaves_of
from vschaos2.flows.coupling import coupled
from vschaos2.flows.gaussian_transport import transport_matrix
from vschaos2.flows.paths import drawn_levels, mistakes, net_input, net_label, noisy
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.training.objective import Losses, Moment, Objective

LEAST_DEVIATION = 1e-4
MOST_KEPT = 16_384  # latents beside the weights, all along the recordings


class BridgeObjective(Objective):
    """The mean square of what a translator misses, and that of what a flow does.

    Pairs are of like moments of different recordings: none is the truth, and the mean of what
    could be there is what minimises their squares. A flow learns of no pairs.

    Args:
        model: that learns.
        coupling: frames of the pieces in which noise goes to the data it lies nearest to; None for
            noise at random.
    """

    model: BridgeModel

    def __init__(self, model: BridgeModel, coupling: int | None = None) -> None:
        super().__init__(model)
        self.coupling = coupling

    @torch.no_grad()
    def fit(self, data: LatentDataModule) -> None:
        """Standardise latents, and find the shortest ways between the instruments."""
        fit_statistics(self.model, data.takes)

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of windows."""
        return self._losses(self.model, batch)

    @torch.no_grad()
    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same of what is held out, with the same noise every time."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            return self._losses(model, batch)

    def kept(self, model: BridgeModel, data: LatentDataModule) -> dict[str, Any]:
        """Some latents, and how much of each instrument found a match in each other one."""
        matched = {f"{a} to {b}": share for a, b, share in data.matched()}
        return {"latents": some_latents(data.takes), "matched": matched}

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Latents, and what becomes of them."""
        return {
            "latents": batch["latents"],
            "translated": translated(self.model, batch)[0],
            "paired": batch["paired"],
        }

    def _losses(self, model: BridgeModel, batch: Mapping[str, Any]) -> Losses:
        parts, terms = [], {}
        if model.translator is not None:
            made, added = translated(model, batch)
            wanted = model.standardised(batch["paired"])
            weight = batch["weight"][..., None]
            count = weight.sum().clamp_min(1.0) * model.latent_dim
            parts.append(((made - wanted).square() * weight).sum() / count)
            terms["translator"] = parts[-1].detach()
            terms["affine"] = ((made - added - wanted).square() * weight).sum().detach() / count
        if model.flow is not None:
            parts.append(_flow_loss(model, model.flow, batch, self.coupling))
            terms["flow"] = parts[-1].detach()
        return Losses(torch.stack(parts).sum(), terms)


def _flow_loss(
    model: BridgeModel, net: SequenceNet, batch: Mapping[str, Any], coupling: int | None
) -> Tensor:
    """How far a flow misses the way from latents to noise."""
    x = model.standardised(batch["latents"])
    level = drawn_levels(model.path, len(x)).to(x.device)
    noise = torch.randn_like(x)
    if coupling is not None:
        noise = coupled(x, noise, batch["source"], coupling)
    heard = net_input(model.path, noisy(model.path, x, noise, level), level)
    no_past = x.new_zeros(len(x), net.state_size)
    told = net.told_of(net_label(model.path, level), batch["source"])
    late = torch.nn.functional.pad(heard, (0, 0, 0, net.delay))
    output, _ = net(late, told, no_past)
    return mistakes(model.path, x, noise, level, output[:, net.delay :]).mean()


def translated(model: BridgeModel, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Standardised latents of a batch's targets, and what a translator added, [B, F, Z] each."""
    x = model.standardised(batch["latents"])
    source, target = batch["source"], batch["target"]
    moved = (x - model.centres[source][:, None]) @ model.affine[source, target]
    moved = moved + model.centres[target][:, None]
    if model.translator is None:
        return moved, torch.zeros_like(moved)
    added, _ = model.translator(x, model.initial_state(len(x)), source, target)
    return moved + added, added


def some_latents(takes: list[LatentTake]) -> Tensor:
    """Latents of all takes, one of as many as are needed to keep no more than `MOST_KEPT`."""
    every = torch.cat([take.latents for take in takes])
    return every[:: -(-len(every) // MOST_KEPT)].clone()


def fit_statistics(model: BridgeModel, takes: list[LatentTake]) -> None:
    """Set what a bridge knows of its instruments without learning."""
    count = len(model.instruments)
    of = [[take for take in takes if take.domain == domain] for domain in range(count)]
    latents = [torch.cat([take.latents for take in own]) for own in of]
    every = torch.cat(latents)
    model.mean.copy_(every.mean(0))
    model.deviation.copy_(every.std(0).clamp_min(LEAST_DEVIATION))
    standard = [model.standardised(each) for each in latents]
    covariances = [torch.cov(each.T) for each in standard]
    for source in range(count):
        model.centres[source] = standard[source].mean(0)
        model.covariances[source] = covariances[source]
        model.ranges[source] = torch.tensor(key_range(of[source]))
        for target in range(count):
            if source != target:
                matrix = transport_matrix(covariances[source], covariances[target])
                model.affine[source, target] = matrix
    model.octaves.copy_(octaves_of(takes, count))
    model.is_fitted.fill_(1.0)
