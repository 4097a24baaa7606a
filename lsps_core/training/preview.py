"""A fixed set of frames through every route, as one image: shows what loss values do not."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lsps_core.config.model import DOMAINS, Domain, other_domain
from lsps_core.inference import Predictor
from lsps_core.training.batch import FrameBatch


def preview_sheet(predictor: Predictor, frames: dict[Domain, FrameBatch]) -> Image.Image:
    """One column a frame, synthetic above real; near is bright. frames: as many of each domain.

    Rows of each domain: input, reconstruction, translation, cycle, G_s and G_r of the pose that P estimates from the
    input, and of the annotated pose if there is one.
    """
    rows: list[Tensor] = []
    for domain in reversed(DOMAINS):
        image, pose, center = frames[domain]
        latents = [predictor.posterior(image, domain, center)]
        if pose.shape[1] and bool(pose.isfinite().all()):
            latents.append(predictor.encode_pose(pose))
        other = other_domain(domain)
        images = predictor.generate_both(predictor.encode(image, domain))
        rows += [image, images[domain], images[other], predictor.translate(images[other], other)]
        for latent in latents:
            images = predictor.generate_both(predictor.map(latent))
            rows += [images[domain], images[other]]
    sheet = torch.cat([torch.cat(list(row[:, 0].cpu()), dim=1) for row in rows]).nan_to_num(1.0).clamp(-1, 1)
    return Image.fromarray(((1 - sheet.numpy()) * 127.5).astype(np.uint8))
