"""How consistent a model's routes are on a frame: measures without annotation."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lsps_core.config.model import Domain, other_domain
from lsps_core.inference import Predictor

RouteName = Literal["reconstruction", "translation", "cycle", "image of the pose"]


class RouteImages(NamedTuple):
    """What a model makes of B frames by every route: images [B, 1, S, S], and P's pose of each, [B, J, 3].

    depth_latent is E_d(x), and back E_o(G_o(E_d(x))): that of its translation.
    """

    images: dict[RouteName, Tensor]
    poses: dict[RouteName, Tensor]
    depth_latent: Tensor
    back: Tensor


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


def route_images(
    predictor: Predictor, image: Tensor, domain: Domain, center: Tensor, pose_latent: Tensor
) -> RouteImages:
    """image [B, 1, S, S] of `domain` and its code, P(x) -> all routes. center [B, 3]: `camera_center` of its cubes.

    The images of one domain are drawn and read together: of single frames that takes three quarters of the time.
    """
    other = other_domain(domain)
    depth_latent = predictor.encode(image, domain)
    seen = predictor.generate_both(depth_latent)
    back = predictor.encode(seen[other], other)
    own = predictor.generate(torch.cat([back, predictor.map(pose_latent, center)]), domain)
    cycle, of_pose = own.chunk(2)
    images: dict[RouteName, Tensor] = {
        "reconstruction": seen[domain],
        "translation": seen[other],
        "cycle": cycle,
        "image of the pose": of_pose,
    }
    read = predictor.predict_pose(torch.cat([seen[domain], own]), domain, center.repeat(3, 1)).chunk(3)
    poses: dict[RouteName, Tensor] = {
        "reconstruction": read[0],
        "translation": predictor.predict_pose(seen[other], other, center),
        "cycle": read[1],
        "image of the pose": read[2],
    }
    return RouteImages(images, poses, depth_latent, back)


@torch.inference_mode()
def consistency(predictor: Predictor, image: Tensor, domain: Domain, center: Tensor) -> Consistency:
    """image [B, 1, S, S] of `domain`, as `normalise` makes it -> its consistency, on the predictor's device.

    center [B, 3]: `camera_center` of its cubes.
    """
    pose_latent = predictor.posterior(image, domain, center)
    pose = predictor.decode_pose(pose_latent)
    routes = route_images(predictor, image, domain, center, pose_latent)
    distance = (routes.depth_latent - routes.back).square().flatten(1).mean(dim=1).sqrt()
    apart = disagreement(torch.stack([pose, *routes.poses.values()]))
    return Consistency(pose_latent, pose, apart, distance)
