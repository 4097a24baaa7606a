"""More readers of data sets: lines of 21 joints, boxes, result files, YAML and COCO's JSON."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import mutations
import numpy as np
from readers import Reader

from lsps_core.data.importers.dexycb import DEXYCB_21, plan_dexycb
from lsps_core.data.importers.fpha import plan_fpha
from lsps_core.data.importers.ho3d import HO3D_21, plan_ho3d
from lsps_core.data.importers.ho3d import label as label_ho3d
from lsps_core.data.importing.coco import read_coco
from lsps_core.data.importing.hands21 import protocol, read_boxes, read_labels
from lsps_core.data.importing.plan import ImportPlan
from lsps_core.data.protocol import Protocol
from lsps_core.evaluation import published

_RNG = np.random.default_rng(5)
_JOINTS = np.round(_RNG.normal([10, -20, 500], 40, (4, 21, 3)), 3)
_HANDS17 = protocol("HANDS17")


def _lines(_: Path) -> list[bytes]:
    rows = ["\t".join([f"image_D{n:08d}.png", *map(str, joints.ravel())]) for n, joints in enumerate(_JOINTS)]
    return ["\r\n".join(rows).encode(), "\n".join(row.replace("\t", " ") for row in rows).encode()]


def _read_lines(path: Path) -> None:
    for label in read_labels(path):
        assert (label.joints_mm is None) == bool(label.problem)
        assert "\n" not in label.problem
        if label.joints_mm is not None and label.center_mm is not None:
            assert label.joints_mm.shape == (21, 3)
            assert np.isfinite(label.joints_mm).all()
            assert np.isfinite(label.center_mm).all()
            assert (label.joints_mm[:, 2] > 0).all()


def _boxes(_: Path) -> list[bytes]:
    return [b"image_D00000001.png 200 120 150 160\nimage_D00000002.png 201.5 120.25 150 160\n"]


def _read_boxes(path: Path) -> None:
    for _, _, box in read_boxes(path):
        if isinstance(box, str):
            assert "\n" not in box
        else:
            assert min(box[2:]) > 0


def _result(separator: str) -> Callable[[Path], list[bytes]]:
    rows = [separator.join([str(n), *map(str, joints.ravel())]) for n, joints in enumerate(_JOINTS)]
    return lambda _: ["\n".join(rows).encode()]


def _read_result(of: Protocol) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        found = published.read(path, of)
        assert found.uvd.shape[1:] == (21, 3)
        assert len(found.names) in (0, len(found.uvd))

    return read


def _meta(_: Path) -> list[bytes]:
    return [b"num_frames: 3\nserials:\n- '836212060125'\nmano_sides:\n- right\nycb_ids:\n- 8\n- 13\nycb_grasp_ind: 1\n"]


def _prepare_dexycb(folder: Path) -> None:
    place = folder / "calibration" / "intrinsics"
    place.mkdir(parents=True)
    (place / "836212060125_640x480.yml").write_text("color: {fx: 613.1, fy: 611.9, ppx: 313.0, ppy: 245.0}\n")
    (folder / "20200709-subject-01" / "20200709_141754" / "836212060125").mkdir(parents=True)


def _read_meta(path: Path) -> None:
    (path.parent / "20200709-subject-01" / "20200709_141754" / "meta.yml").write_bytes(path.read_bytes())
    assert all(shot.camera is not None and shot.center_mm is None for shot in plan_dexycb(path.parent).shots)


def _coco(_: Path) -> list[bytes]:
    camera = {"focal": [600.0, 600.0], "princpt": [320.0, 240.0]}
    joints = (_JOINTS * (1, -1, 1) / 1000).tolist()
    images = [{"id": n, "file_name": f"ABF10/rgb/{n:04d}.png"} for n in range(5)]
    annotations: list[dict[str, object]] = [
        {"image_id": n, "joints_coord_cam": joints[n], "cam_param": camera} for n in range(4)
    ]
    annotations.append(
        {"image_id": 4, "root_joint_cam": [0.0, 0.0, 0.5], "bbox": [1.0, 2.0, 3.0, 4.0], "cam_param": camera}
    )
    return [json.dumps({"images": images, "annotations": annotations}).encode()]


def _read_coco(path: Path) -> None:
    for hand in read_coco(path):
        if isinstance(hand, str):
            assert "\n" not in hand
        else:
            assert np.isfinite(hand.center_mm).all()
            assert hand.joints_mm is None or np.isfinite(hand.joints_mm).all()


def _prepare_fpha(folder: Path) -> None:
    (folder / "Hand_pose_annotation_v1_1" / "Subject_1" / "put_salt" / "1").mkdir(parents=True)
    (folder / "Video_files").mkdir()


def _skeletons(_: Path) -> list[bytes]:
    return ["\n".join(" ".join([f"{n:04d}", *map(str, joints.ravel())]) for n, joints in enumerate(_JOINTS)).encode()]


def _check_plan(plan: ImportPlan) -> None:
    """What an import of it would take over without looking again."""
    assert not any("\n" in line for line in plan.refused)
    for shot in islice(plan.shots, 8):
        assert not any("\n" in group for group in shot.groups)
        assert shot.joints_mm is None or not np.isinf(shot.joints_mm).any()
        assert shot.center_mm is None or np.isfinite(shot.center_mm).all()


def _read_fpha(path: Path) -> None:
    place = path.parent / "Hand_pose_annotation_v1_1" / "Subject_1" / "put_salt" / "1" / "skeleton.txt"
    place.write_bytes(path.read_bytes())
    _check_plan(plan_fpha(path.parent))


def _prepare_view(folder: Path) -> None:
    _prepare_dexycb(folder)
    sequence = folder / "20200709-subject-01" / "20200709_141754"
    (sequence / "meta.yml").write_bytes(_meta(folder)[0])
    (sequence / "836212060125" / "aligned_depth_to_color_000000.png").touch()


def _calibration(_: Path) -> list[bytes]:
    return [
        b"color: {fx: 613.1, fy: 611.9, ppx: 313.0, ppy: 245.0}\n",
        b"color:\n  fx: 613.1\n  fy: 611\n  ppx: 3\n  ppy: 4\n",
    ]


def _read_calibration(path: Path) -> None:
    (path.parent / "calibration" / "intrinsics" / "836212060125_640x480.yml").write_bytes(path.read_bytes())
    _check_plan(plan_dexycb(path.parent))


def _annotations(_: Path) -> list[bytes]:
    camera = np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])
    joints = np.full((21, 3), [0.0, 0.0, -0.5], np.float32)
    whole = {"camMat": camera, "handJoints3D": joints, "objName": "mug"}
    box = {"camMat": camera, "handJoints3D": joints[0], "handBoundingBox": [1, 2, 3, 4], "objName": "mug"}
    return [pickle.dumps(each, protocol) for each in (whole, box) for protocol in (0, 2, 4)]


def _read_annotations(path: Path) -> None:
    meta = path.parent / "evaluation" / "MC1" / "meta"
    (meta / "0000.pkl").write_bytes(path.read_bytes())
    plan = plan_ho3d(path.parent, split="evaluation")
    _check_plan(plan)
    for shot in islice(plan.shots, 1):
        found = label_ho3d(shot)
        if found is not None:
            assert found.center_mm is not None
            assert np.isfinite(found.center_mm).all()


def _joint_json(_: Path) -> list[bytes]:
    joints = (_JOINTS[:2] / 1000).tolist()
    return [json.dumps(each).encode() for each in (joints, [joints, [[[0.0] * 3]] * 2])]


def _read_truth(path: Path) -> None:
    plan_ho3d(path.parent, split="evaluation")


def _prepare_ho3d(folder: Path) -> None:
    meta = folder / "evaluation" / "MC1" / "meta"
    meta.mkdir(parents=True)
    (meta / "0000.pkl").write_bytes(pickle.dumps({"camMat": np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]])}))
    (folder / "evaluation.txt").write_text("MC1/0000\nMC1/0001\n")


SET_READERS: dict[str, Reader] = {
    "21 joints": Reader(file="a.txt", make=_lines, mutate=mutations.mutate_table, read=_read_lines),
    "boxes": Reader(file="a.txt", make=_boxes, mutate=mutations.mutate_table, read=_read_boxes),
    "HANDS17 result": Reader(
        file="a.txt", make=_result("\t"), mutate=mutations.mutate_table, read=_read_result(_HANDS17)
    ),
    "DexYCB result": Reader(
        file="a.txt", make=_result(","), mutate=mutations.mutate_table, read=_read_result(DEXYCB_21)
    ),
    "DexYCB meta": Reader(
        file="meta.yml", make=_meta, mutate=mutations.damaged_text, read=_read_meta, prepare=_prepare_dexycb
    ),
    "DexYCB calibration": Reader(
        file="a.yml", make=_calibration, mutate=mutations.damaged_text, read=_read_calibration, prepare=_prepare_view
    ),
    "FPHA": Reader(
        file="a.txt", make=_skeletons, mutate=mutations.mutate_table, read=_read_fpha, prepare=_prepare_fpha
    ),
    "HO-3D annotations": Reader(
        file="a.pkl", make=_annotations, mutate=mutations.damaged, read=_read_annotations, prepare=_prepare_ho3d
    ),
    "HO-3D result": Reader(file="a.json", make=_joint_json, mutate=mutations.mutate_json, read=_read_result(HO3D_21)),
    "COCO": Reader(file="a.json", make=_coco, mutate=mutations.mutate_json, read=_read_coco),
    "HO-3D truth": Reader(
        file="evaluation_xyz.json",
        make=lambda _: [json.dumps((_JOINTS[:2] / 1000).tolist()).encode()],
        mutate=mutations.mutate_json,
        read=_read_truth,
        prepare=_prepare_ho3d,
    ),
}
