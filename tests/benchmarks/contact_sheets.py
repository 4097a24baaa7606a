"""Contact sheets of places in a model's latent, to look at: are they hands?

Run as `python tests/benchmarks/contact_sheets.py [MODEL] [--out FOLDER] [--frames FOLDER]`; without options it draws
the pictures of the README's room from the bundled model. Every hand is shown as its synthetic depth picture and as its
bones. It prints the hands that do not count as one (`lsps_core.evaluation.plausibility`), which a look at the picture
does not replace. Frames of an Intel SR305 (--frames; by default those beside the project) are drawn under the hands
that are read in them, and below under fitted ones.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from plausible import simulated

from explorer_app.inspect.model.failure_export import drawn_over, write_sheet
from explorer_app.model.colours import printed_depth
from explorer_app.model.hand.model import HandModel
from explorer_app.model.latent import LatentCode
from explorer_app.model.open_data import open_images
from explorer_app.model.opening import ImageSettings
from explorer_app.model.scene import figure
from lsps_core.camera import SR305
from lsps_core.data.store import FrameStore
from lsps_core.evaluation.plausibility import HandMeasure, require_hand21
from lsps_core.simulator.settings import SimulationSettings

ROOT = Path(__file__).resolve().parents[2]
SAMPLES, WALKS, STEPS, TURNS = 30, 5, 9, 12
SIDE_PX, FRAME_PX, COLOURS = 128, 200, 96
Hands = dict[str, LatentCode]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=ROOT / "resources/models/compact.safetensors")
    parser.add_argument("--out", type=Path, default=ROOT / "resources/screenshots", metavar="FOLDER")
    parser.add_argument("--frames", type=Path, default=ROOT.parent / "shared/data/sr305", metavar="FOLDER")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = HandModel.load(arguments.model, "cpu")
    require_hand21(model.skeleton)
    measure = HandMeasure.of(simulated(SimulationSettings(views="any")))
    sheets = {
        "dial": (reset_and_dial(model), 7),
        "samples": ({f"seed {seed}": model.sample(seed) for seed in range(SAMPLES)}, 10),
        "walks": (walks(model), STEPS),
        "gestures": ({name: model.prior.gesture(name, None) for name in model.prior.gesture_names}, 7),
    }
    for name, (hands, columns) in sheets.items():
        path = arguments.out / f"{name}.png"
        draw(path, model, hands, columns)
        poses = torch.from_numpy(np.stack([model.decode_pose(code) for code in hands.values()]))
        bad = [caption for caption, is_hand in zip(hands, measure.is_plausible(poses), strict=True) if not is_hand]
        print(f"{path.name}, {path.stat().st_size / 1000:.0f} kB: {len(hands)} hands, do not count: {bad or 'none'}")
    if arguments.frames.is_dir():
        draw_frames(arguments.out / "fit_sr305.png", model, tuple(sorted(arguments.frames.glob("*.png"))))


def reset_and_dial(model: HandModel) -> Hands:
    """The hand of Reset all at the start, and the same turned all around."""
    reset = model.prior.typical_near(LatentCode())
    turns = {f"{360 * turn // TURNS}°": model.prior.turned(reset, 2 * math.pi * turn / TURNS) for turn in range(TURNS)}
    return {"Reset all": reset, **turns, "360°": model.prior.turned(reset, 2 * math.pi)}


def walks(model: HandModel) -> Hands:
    """Through hands, between frames that P reads."""
    with FrameStore(ROOT / "resources/samples/sensor.h5") as store:
        places = np.linspace(0, len(store) - 1, 2 * WALKS).astype(int).tolist()
        codes = [model.encode(store.frame(place), store.domain).code for place in places]
    hands = {}
    for walk in range(WALKS):
        way = model.prior.through_hands(codes[2 * walk : 2 * walk + 2], STEPS - 1)
        hands |= {f"walk {walk + 1}, {step + 1} of {STEPS}": model.scale.to_code(z) for step, z in enumerate(way)}
    return hands


def draw_frames(path: Path, model: HandModel, frames: tuple[Path, ...]) -> None:
    """Each frame under the hand that P reads, and in a second row under the fitted one."""
    data = open_images(frames, ImageSettings(camera=SR305, unit_mm=0.125)).data
    views = [data.view(index) for index in range(len(data))]
    fits = [model.fit(view.frame, model.encode(view.frame, "real")) for view in views]
    cells, captions = [], []
    for word, hands in (("read", [fit.before for fit in fits]), ("fitted", [fit.after for fit in fits])):
        for view, hand in zip(views, hands, strict=True):
            depth = printed_depth(view.input_mm, view.frame.half_mm)
            cells.append(_scaled(drawn_over(depth, [figure(model.skeleton, view.pixels_of(hand.pose))]), FRAME_PX))
            captions.append(f"{word}, {hand.residual_text}")
    write(path, cells, captions, len(frames))


def draw(path: Path, model: HandModel, hands: Hands, columns: int) -> None:
    """Each hand's depth picture above its bones."""
    write(path, [cell(model, code) for code in hands.values()], list(hands), columns)


def write(path: Path, cells: list[np.ndarray], captions: list[str], columns: int) -> None:
    """Few colours, so that the file is small."""
    write_sheet(path, cells, captions, columns)
    with Image.open(path) as sheet:
        small = sheet.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def cell(model: HandModel, code: LatentCode) -> np.ndarray:
    """[2 * SIDE_PX, SIDE_PX, 3]"""
    (pictures,) = model.decode_many([code])
    depth = printed_depth(pictures.synthetic, model.half_mm)
    points = (model.decode_pose(code)[:, :2] * (1, -1) + 1) / 2 * depth.shape[0] - 0.5
    bones = drawn_over(np.full_like(depth, 255), [figure(model.skeleton, points)])
    return np.concatenate([_scaled(depth), _scaled(bones)])


def _scaled(picture: np.ndarray, side_px: int = SIDE_PX) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.BOX))


if __name__ == "__main__":
    main()
