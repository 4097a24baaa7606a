"""How consistent a model's routes are on a frame: measures without annotation."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lsps_core.config.model import Domain, other_domain
from lsps_core.inference import Predictor


class Consistency(NamedTuple):
    """The consistency of the routes of B frames.

    pose_latent [B, 20] is P(x) and pose [B, J, 3] its pose. disagreement [B], in half cubes, compares the poses
    by P of the input, its reconstruction, translation and cycle, and the image of its pose. latent_distance [B] is the
    root mean square, per element, of the change of the depth latent by a translation: E_d(x) - E_o(G_o(E_d(x))).
    """

    pose_latent: Tensor
    pose: Tensor
    disagreement: Tensor
    latent_distance: Tensor


def disagreement(poses: Tensor) -> Tensor:
    """poses [R, B, J, 3] by R >= 2 routes -> [B]: the mean, over joints and pairs of routes, of their distance.

    In the unit of the poses; for one joint at 0, 3 and 6 on a line it is (3 + 3 + 6) / 3 = 4.
    """
    one, other = torch.triu_indices(len(poses), len(poses), 1, device=poses.device)
    distances: Tensor = torch.linalg.vector_norm(poses[one] - poses[other], dim=-1)
    return distances.mean(dim=(0, 2))


@torch.inference_mode()
def consistency(predictor: Predictor, image: Tensor, domain: Domain, center: Tensor) -> Consistency:
    """image [B, 1, S, S] of `domain`, as `normalise` makes it -> its consistency, on the predictor's device.

    center [B, 3]: `camera_center` of its cubes.
    """
    other = other_domain(domain)
    pose_latent, depth_latent = predictor.posterior(image, domain, center), predictor.encode(image, domain)
    seen = predictor.generate_both(depth_latent)
    back = predictor.encode(seen[other], other)
    cycle, drawn = (predictor.generate(code, domain) for code in (back, predictor.map(pose_latent, center)))
    pose = predictor.decode_pose(pose_latent)
    routes = [(seen[domain], domain), (seen[other], other), (cycle, domain), (drawn, domain)]
    poses = torch.stack([pose, *(predictor.predict_pose(*route, center) for route in routes)])
    distance = (depth_latent - back).square().flatten(1).mean(dim=1).sqrt()
    return Consistency(pose_latent, pose, disagreement(poses), distance)
