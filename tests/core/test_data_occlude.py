"""Things before the hand."""

from __future__ import annotations

import math

import pytest
import torch

from lsps_core.data.augmentation import occlude as things
from lsps_core.data.augmentation.occlude import occlude
from lsps_core.data.crop import BACKGROUND

BOX, CYLINDER, ELLIPSOID = range(3)


def hands(count: int = 64) -> torch.Tensor:
    """A square on the background, in every image."""
    image = torch.full((count, 1, 128, 128), BACKGROUND)
    image[:, :, 40:88, 40:88] = 0.1
    return image


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def surface(kind: int, half: list[float], turn: torch.Tensor | None = None) -> torch.Tensor:
    """Of one thing in the middle of a cube of 65 pixels, the middle one at (0, 0)."""
    turn = torch.eye(3) if turn is None else turn
    return things._surface(torch.zeros(1, 3), turn[None], torch.tensor([half]), torch.tensor([kind]), 65)[0]


def test_a_generator_decides_and_the_image_stays():
    image = hands()
    first, again, other = (occlude(image, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(image, hands())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_things_come_in_a_share_of_the_images_and_are_nearer_than_what_they_hide():
    image = hands(1000)
    occluded = occlude(image, seeded())
    assert ((occluded >= -1) & (occluded <= image)).all()
    has_thing = (occluded != image).flatten(1).any(dim=1).float().mean()
    # those behind the hand or before the cube are not seen
    assert 0.6 * things._SHARE < has_thing <= 1.1 * things._SHARE


def test_an_image_without_a_hand_stays_as_it_is():
    empty = torch.full((64, 1, 128, 128), BACKGROUND)
    assert torch.equal(occlude(empty, seeded()), empty)


@pytest.mark.parametrize(
    ("kind", "at_edge"), [(BOX, -0.3), (CYLINDER, -0.3), (ELLIPSOID, -0.3 * math.sqrt(1 - 0.8**2))]
)
def test_the_near_side_of_an_upright_thing(kind, at_edge):
    near = surface(kind, [0.5, 0.5, 0.3])
    assert near[32, 32].item() == pytest.approx(-0.3, abs=1e-5)
    column = 32 + 13  # x = 0.4
    assert near[32, column].item() == pytest.approx(at_edge, abs=1e-5)
    assert near[32, 32 + 17].isinf()  # x = 0.523
    # the corner of a box is where a round side has ended
    assert near[32 + 13, 32 + 13].isinf() == (kind != BOX)


def test_a_turned_cylinder_shows_its_round_side():
    lying = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # its own axis, the third, along x
    near = surface(CYLINDER, [0.3, 0.3, 0.5], lying)
    assert near[32, 32 + 13].item() == pytest.approx(-0.3, abs=1e-5)
    row = 32 + 6
    y = 2 * (row + 0.5) / 65 - 1
    assert near[row, 32].item() == pytest.approx(-math.sqrt(0.3**2 - y**2), abs=1e-5)


def test_a_turned_box_is_where_its_planes_are():
    angle = math.radians(45)
    turned = torch.tensor([[math.cos(angle), 0, -math.sin(angle)], [0, 1, 0], [math.sin(angle), 0, math.cos(angle)]])
    near = surface(BOX, [0.2, 0.2, 0.2], turned)
    assert near[32, 32].item() == pytest.approx(-0.2 * math.sqrt(2), abs=1e-5)  # its edge
