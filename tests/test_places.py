"""Typical places of a latent space, and ways between them along which the level holds."""

import math

import pytest
import torch
from torch import Tensor

from vschaos2.families.vae.places import (
    ALONG,
    LEVEL_STEP_DB,
    NEIGHBOURS,
    PLACES,
    STOPS,
    Roadmap,
    roadmap,
    typical_places,
)


def test_places_are_apart_and_alike_in_level():
    """Eight clusters, each at every level: one place in each, all near the median."""
    generator = torch.Generator().manual_seed(0)
    centres = 4.0 * torch.eye(8)
    points = (centres[:, None] + 0.1 * torch.randn(8, 200, 8, generator=generator)).flatten(0, 1)
    levels = 60.0 * torch.rand(1600, generator=generator) - 60.0
    rows = typical_places(points, levels)
    assert sorted((torch.tensor(rows) // 200).tolist()) == list(range(8))
    sounding = levels[levels >= levels.quantile(0.95) - 40.0]
    assert float((levels[rows] - sounding.median()).abs().max()) <= 1.5 * LEVEL_STEP_DB


@pytest.mark.parametrize("count", [1, 3, 9])
def test_few_frames_still_give_all_places(count: int):
    points = torch.arange(3.0 * count).reshape(count, 3)
    rows = typical_places(points, torch.zeros(count))
    assert len(rows) == PLACES and set(rows) <= set(range(count))
    assert len(set(rows)) == min(count, PLACES)


def ring(count: int = 400) -> Tensor:
    """Points around zero at a distance of 1 to 2."""
    generator = torch.Generator().manual_seed(1)
    angle = 2.0 * math.pi * torch.rand(count, generator=generator)
    radius = 1.0 + torch.rand(count, generator=generator)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), 1)


def hollow(points: Tensor) -> Tensor:
    """Levels that fall by 60 dB within a distance of 0.9 from zero."""
    return -60.0 * (points.norm(dim=1) < 0.9).float()


def reached(road: Roadmap) -> set[int]:
    """The stops that can be reached from the first."""
    found, ahead = {0}, [0]
    while ahead:
        for stop in road.ways[ahead.pop()]:
            if stop not in found:
                found.add(stop)
                ahead.append(stop)
    return found


def test_ways_lead_round_what_is_silent():
    points = ring()
    road = roadmap(points, hollow(points), hollow, torch.ones(2))
    assert len(road.stops) == STOPS and reached(road) == set(range(STOPS))
    for stop, ways in zip(road.stops, road.ways, strict=True):
        for way in ways:
            for part in ALONG:
                assert float(hollow((stop + part * (road.stops[way] - stop))[None])) == 0.0


def test_ways_go_both_ways_and_to_neighbours():
    points = ring()
    road = roadmap(points, torch.zeros(len(points)), lambda of: torch.zeros(len(of)), torch.ones(2))
    for stop, ways in enumerate(road.ways):
        assert ways and stop not in ways
        assert all(stop in road.ways[way] for way in ways)
        nearest = torch.cdist(road.stops[stop : stop + 1], road.stops)[0].argsort()
        assert set(nearest[1 : NEIGHBOURS + 1].tolist()) <= set(ways)


def test_islands_are_joined_where_the_gap_is_least():
    """Three islands; what lies between two is the deeper, the wider it is."""
    generator = torch.Generator().manual_seed(2)
    islands = torch.tensor([[0.0, 0.0], [10.0, 0.0], [10.0, 20.0]])
    points = islands.repeat_interleave(100, 0) + 0.1 * torch.randn(300, 2, generator=generator)

    def level(of: Tensor) -> Tensor:
        return -4.0 * (torch.cdist(of, islands).amin(1) - 1.0).clamp_min(0.0)

    road = roadmap(points, torch.zeros(300), level, torch.ones(2))
    assert reached(road) == set(range(len(road.stops)))
    island = torch.cdist(road.stops, islands).argmin(1).tolist()
    crossed = {
        tuple(sorted((island[stop], island[way])))
        for stop, ways in enumerate(road.ways)
        for way in ways
        if island[stop] != island[way]
    }
    assert crossed == {(0, 1), (1, 2)}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_sounds_still_give_a_roadmap(count: int):
    points = torch.arange(2.0 * count).reshape(count, 2)
    road = roadmap(points, torch.zeros(count), lambda of: torch.zeros(len(of)), torch.ones(2))
    assert len(road.stops) == count and reached(road) == set(range(count))
