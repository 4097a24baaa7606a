"""Whether a model's latent has the poses of real hands: annotations that people made, and the nearest codes to them.

Run as `python tests/benchmarks/real_poses.py LABELS [MODEL]`, for models of HAND21. LABELS is the field's text file of
NYU's 8 252 test annotations, u v d of 14 joints. Twelve of them have counterparts in HAND21; places of skin and bone
differ by millimetres between the two. Beside them, in the same way: simulated people that no training saw, and the
annotations mirrored, which are left hands and no poses of this latent.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lsps_core.camera import NYU
from lsps_core.data.crop import camera_center, to_pose
from lsps_core.data.importers.nyu import FIRST_SUBJECT_TEST_FRAMES
from lsps_core.evaluation.plausibility import require_hand21
from lsps_core.inference import Predictor
from lsps_core.simulator.drawing import draw_pose
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate import simulate
from lsps_core.skeleton import HAND21

MODEL = Path(__file__).resolve().parents[2] / "resources/models/compact.safetensors"
FINGERS = [f"{finger}_{joint}" for finger in ("little", "ring", "middle", "index") for joint in ("tip", "pip")]
JOINTS = [HAND21.joints.index(name) for name in [*FINGERS, "thumb_tip", "thumb_ip", "thumb_mcp", "wrist"]]
"""The counterparts of NYU's evaluated joints 0 to 10, and of the middle between 11 and 12, the wrist's two sides."""
SEED, POSES, DRAWS, STARTS, STEPS, AT_ONCE = 11, 600, 40_000, 4, 30, 100
DAMPING, UNUSUAL = 3e-3, 0.05
MIRROR = torch.tensor([-1.0, 1.0, 1.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, metavar="LABELS")
    parser.add_argument("model", type=Path, nargs="?", default=MODEL, metavar="MODEL")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(arguments.model)
    require_hand21(predictor.skeleton)
    one, other = annotated(arguments.labels)
    rows = {"simulated people": simulated(), "NYU, first person": one, "NYU, second person": other}
    rows |= {f"{name}, mirrored": rows[name] * MIRROR for name in list(rows)[1:]}
    print(f"{'poses':28} {'nearest code':>13} {'of 9 in 10':>11} {'unusual':>8} {'P reads it':>11}")
    for name, points_mm in rows.items():
        show(predictor, name, points_mm)


def annotated(path: Path) -> tuple[Tensor, Tensor]:
    """[POSES, 12, 3] in mm of the camera, of each of the two people."""
    joints = NYU.unproject(np.loadtxt(path).reshape(-1, 14, 3))
    points = np.concatenate([joints[:, :11], joints[:, 11:13].mean(axis=1, keepdims=True)], axis=1)
    people = points[:FIRST_SUBJECT_TEST_FRAMES], points[FIRST_SUBJECT_TEST_FRAMES:]
    generator = np.random.default_rng(SEED)
    one, other = (torch.tensor(generator.choice(each, POSES, replace=False), dtype=torch.float32) for each in people)
    return one, other


def simulated() -> Tensor:
    """The same of simulated people."""
    batches = simulate("sensor", POSES, seed=SEED, settings=SimulationSettings(views="any"))
    return torch.from_numpy(np.concatenate([batch.joints_mm for batch in batches]))[:, JOINTS]


def show(predictor: Predictor, name: str, points_mm: Tensor) -> None:
    """Print a row of points [N, 12, 3]."""
    codes, off_mm = nearest(predictor, points_mm)
    unusual = (predictor.typicality(codes) < UNUSUAL).double().mean()
    read_mm = reading_mm(predictor, codes, points_mm)
    print(
        f"{name:28} {off_mm.mean():10.1f} mm {off_mm.quantile(0.9):8.1f} mm {100 * unusual:6.1f} % {read_mm:8.1f} mm",
        flush=True,
    )


def nearest(predictor: Predictor, points_mm: Tensor) -> tuple[Tensor, Tensor]:
    """The codes [N, 20] whose joints are nearest to points [N, 12, 3] wherever the hand is, and by how much, in mm.

    Gauss-Newton steps from those of many draws of the prior that are nearest.
    """
    half_mm = predictor.checkpoint.half_mm
    goals = centred(points_mm / half_mm).flatten(1)
    draws = predictor.sample_prior(DRAWS, SEED)
    starts = centred(predictor.decode_pose(draws)[:, JOINTS]).flatten(1)
    chosen = torch.cdist(goals, starts).topk(STARTS, largest=False).indices.flatten()
    codes, goals = draws[chosen], goals.repeat_interleave(STARTS, dim=0)
    damping = DAMPING * torch.eye(codes.shape[1])
    for _ in range(STEPS):
        pose, jacobian = predictor.model.pose_vae.decoder.with_jacobian(codes)
        missing = goals - centred(pose.unflatten(1, (-1, 3))[:, JOINTS]).flatten(1)
        moves = jacobian.unflatten(1, (-1, 3))[:, JOINTS]
        moves = (moves - moves.mean(dim=1, keepdim=True)).flatten(1, 2)
        codes = codes + torch.linalg.solve(moves.mT @ moves + damping, moves.mT @ missing[..., None])[..., 0]
    found = centred(predictor.decode_pose(codes)[:, JOINTS])
    off_mm = half_mm * (found - goals.unflatten(1, (-1, 3))).norm(dim=2).mean(dim=1).view(-1, STARTS)
    best = off_mm.argmin(dim=1)
    return codes.view(-1, STARTS, codes.shape[1])[torch.arange(len(best)), best], off_mm.amin(dim=1)


def centred(points: Tensor) -> Tensor:
    return points - points.mean(dim=1, keepdim=True)


def reading_mm(predictor: Predictor, codes: Tensor, points_mm: Tensor) -> float:
    """Mean error over all joints of what P reads of these codes' hands, as the synthetic domain shows them there."""
    joints = predictor.decode_pose(codes) * predictor.checkpoint.half_mm
    joints += (points_mm - joints[:, JOINTS]).mean(dim=1, keepdim=True)
    center_mm, half_mm = joints.mean(dim=1), torch.full((len(joints),), predictor.checkpoint.half_mm)
    pose, center = to_pose(joints, center_mm, half_mm), camera_center(center_mm, half_mm)
    off = []
    for rows in torch.split(torch.arange(len(pose)), AT_ONCE):
        read = predictor.predict_pose(draw_pose(pose[rows], center[rows]), "synthetic", center[rows])
        off.append((read - pose[rows]).norm(dim=2).mean(dim=1))
    return float(torch.cat(off).mean()) * predictor.checkpoint.half_mm


if __name__ == "__main__":
    main()
