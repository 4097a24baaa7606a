"""The window's state as a script, a command or JSON for the clipboard."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from explorer_app.model.latent import LatentCode
from explorer_app.model.saved_session import SavedSession, code_from_json
from lsps_core.config.model import Domain
from lsps_core.files import parse_json

_SCRIPT = '''"""{what}"""

from pathlib import Path

import numpy as np
import torch

{imports}from lsps_core.inference import Predictor

predictor = Predictor.load(Path({model!r}){device})
{latent}
decoded = predictor.decode(pose_latent)
{joints}
real, synthetic = (image[0, 0].cpu().numpy() for image in (decoded.real, decoded.synthetic))
{depth}
print(joints_mm.round(1))
'''
_FRAME_IMPORTS = """from lsps_core.data.crop import camera_center, normalise
from lsps_core.data.store import FrameStore
"""
_FRAME_LATENT = """with FrameStore(Path({store!r})) as store:
    frame = store.frame({index})  # counted from 0
depth_mm = torch.from_numpy(frame.depth_mm.astype(np.float32))[None]
cube = torch.from_numpy(frame.center_mm)[None], torch.tensor([frame.half_mm])
pose_latent = predictor.posterior(normalise(depth_mm, *cube), {domain!r}, camera_center(*cube))
half_mm, center_mm = frame.half_mm, frame.center_mm"""
_SLIDER_LATENT = """# the sliders, in sigma of the training poses' codes
sigma = np.array({values})
mean, std = predictor.checkpoint.latent_mean, predictor.checkpoint.latent_std
pose_latent = torch.from_numpy(np.float32(mean + sigma * np.maximum(std, 1e-6)))[None]
half_mm, center_mm = predictor.checkpoint.half_mm, 0.0"""
_JOINTS = "joints_mm = decoded.pose[0].cpu().numpy() * half_mm + center_mm  # [J, 3]: x right, y up, z away{where}"
_DEPTH = "# [128, 128] each; times half_mm: mm from the cube's centre; 1 is background"


def as_python(shown: SavedSession, frame_domain: Domain | None = None) -> str:
    """A script that computes the shown pose and images; ValueError, in one line, without a model.

    frame_domain: if the latent is the code of a frame of a store, the script encodes that frame as this domain; else it
    contains the numbers of the sliders.
    """
    model = _model(shown)
    is_of_store = len(shown.data_paths) == 1 and shown.images is None
    is_of_frame = shown.is_at_code and is_of_store and frame_domain is not None
    store = shown.data_paths[0].absolute() if is_of_frame else Path()
    if is_of_frame:
        latent = _FRAME_LATENT.format(store=str(store), index=shown.index, domain=frame_domain)
        what = f"Frame {shown.index + 1} of {store.name} through the model {model.stem}: joints, both depth images."
    else:
        latent = _SLIDER_LATENT.format(values=_lines(shown.latent))
        what = f"A latent of the model {model.stem}: joints, both depth images."
    return _SCRIPT.format(
        what=what.replace("\\", "/").replace('"', "'"),
        imports=_FRAME_IMPORTS if is_of_frame else "",
        model=str(model),
        device="" if shown.device == "cpu" else f", {shown.device!r}",
        latent=latent,
        joints=_JOINTS.format(where="" if is_of_frame else ", from the cube's centre"),
        depth=_DEPTH,
    )


def as_command(shown: SavedSession) -> str:
    """The `lsps-explorer` command that shows the same; ValueError, in one line, without a model."""
    words = ["lsps-explorer", str(_model(shown)), *(str(path.absolute()) for path in shown.data_paths)]
    if shown.images is not None:
        settings, camera = shown.images, shown.images.camera
        words += ["--camera", ",".join(repr(float(value)) for value in (camera.fx, camera.fy, camera.cx, camera.cy))]
        words += ["--unit-mm", repr(settings.unit_mm), "--cube-mm", repr(settings.cube_mm)]
        words += ["--domain", settings.domain]
        words += ["--nyu-packed"] if settings.nyu_packed else []
        words += ["--mirrored"] if settings.is_mirrored else []
    if shown.data_paths:
        words += ["--frame", str(shown.index + 1)]
    if not shown.is_at_code:
        words.append("--latent=" + ",".join(repr(value) for value in shown.latent.values))
    return shlex.join([*words, "--device", shown.device])


def as_json(latent: LatentCode) -> str:
    """The latent as a JSON list, in σ."""
    return json.dumps(list(latent.values))


def latent_from_text(text: str) -> LatentCode:
    """Parse the output of `as_json`, or numbers separated by commas or blanks; ValueError, in one line."""
    if len(text) > 10_000:
        raise ValueError("the clipboard has no latent; copy one with Edit ▸ Copy latent as JSON")
    try:
        value: Any = parse_json(text) if text.lstrip().startswith(("[", "{")) else _numbers(text)
        return code_from_json(value.get("latent") if isinstance(value, dict) else value)
    except ValueError as error:
        raise ValueError(f"not a latent ({' '.join(str(error).split())[:90]}); it is a list of 20 numbers") from error


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.replace(",", " ").split()]


def _model(shown: SavedSession) -> Path:
    if shown.model_path is None:
        raise ValueError("there is no model yet; open one with File ▸ Open")
    return shown.model_path.absolute()


def _lines(latent: LatentCode) -> str:
    rows = [latent.values[start : start + 5] for start in range(0, len(latent.values), 5)]
    return "[\n" + "".join(f"    {', '.join(map(repr, row))},\n" for row in rows) + "]"
