"""Find the hand in a raw depth frame that may also show an arm, a torso or a head.

Readings in range become a graph: neighbouring pixels are joined unless depth jumps between them. Its large connected
parts are bodies. On each, the points farthest along the surface from everything else are its ends: fingertips, elbows,
heads (Plagemann et al. 2010, "Real-time identification and localization of body parts from depth images"). The end with
the best hand score is chosen: near the camera, nothing as broad as a head around it, fingers, and not where the arm
leaves the image. The palm is the broadest place near that end, and the cube's centre the mean of what surrounds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM

_GRID_PX = 320  # longer side of the searched grid; a finer one is only slower
_JUMP_MM = 20.0  # two neighbours farther apart than this do not touch
_BODY_CM2 = 15.0  # smaller parts are noise: half a child's fist
_MAX_ENDS = 6  # of one body: head, hands, feet and one more
_END_GAP_MM = 120.0  # two ends of one body are at least so far apart, and half as far from its middle
_REACH_MM = 200.0  # a hand's length: what belongs to an end
_PALM_REACH_MM = 160.0  # from a fingertip to behind the middle of the palm, and not far up the arm
_AROUND_PALM_MM = 130.0  # the longest finger's tip
_WRIST_MM = 60.0  # from the middle of the palm to where the arm begins
_FINGER_MM = 12.0  # half the breadth of a finger is less
_FINGER_CM2 = 2.5  # of a finger that sticks out
_MARGIN_PX = 3  # around what is looked at: one more than what closing it reaches
_TRUNK_MM = 60.0  # half the breadth of a palm or an arm is less, that of a head is more
_HOPELESS = -1.0  # a wall, a torso cut by the image's edge
_BEHIND_MM = 200.0  # an end this far behind another needs the score of a spread hand against an arm's

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True, kw_only=True)
class FoundHand:
    """A cube around a hand, and how it was found.

    center_mm: float32 [3]; half_mm: half its edge. box_px: the cube's window in the raw frame (left, top, right,
    bottom). end_px: column and row of the body's end that is assumed to be the fingers. area_cm2: visible surface
    around the palm. candidates: how many ends were compared, without those too far behind to be the hand. note: one
    line for the user.
    """

    center_mm: npt.NDArray[np.float32]
    half_mm: float
    box_px: tuple[float, float, float, float]
    end_px: tuple[float, float]
    area_cm2: float
    candidates: int
    note: str


@dataclass(frozen=True, kw_only=True)
class _Scene:
    """The searched grid: M pixels with a reading in range, in the order of the graph's nodes."""

    points_mm: FloatArray  # [M, 3]
    rows: IntArray  # [M]
    columns: IntArray  # [M]
    shape: tuple[int, int]
    area_cm2: FloatArray  # [M] of the surface facing the camera
    px_mm: FloatArray  # [M] breadth of a grid pixel
    graph: sparse.csr_matrix  # [M, M] surface distance in mm between neighbours, in both directions

    def picture(self, is_set: BoolArray) -> BoolArray:
        """[M] as an image, False where there is no reading."""
        image = np.zeros(self.shape, dtype=np.bool_)
        image[self.rows, self.columns] = is_set
        return image

    def around(self, is_set: BoolArray, margin_px: int) -> tuple[slice, slice]:
        """Rows and columns of the image around the readings that are set, of which there must be some."""
        rows, columns = self.rows[is_set], self.columns[is_set]
        return (
            slice(max(int(rows.min()) - margin_px, 0), int(rows.max()) + margin_px + 1),
            slice(max(int(columns.min()) - margin_px, 0), int(columns.max()) + margin_px + 1),
        )


@dataclass(frozen=True, kw_only=True)
class _End:
    node: int
    score: float
    depth_mm: float  # mean of its surroundings
    body: BoolArray  # [M]
    breadth_mm: FloatArray  # [M] distance to the silhouette, inside the body
    distance_mm: FloatArray  # [M] along the surface, from the end


def find_hand(
    depth_mm: npt.NDArray[np.generic],
    camera: Camera,
    *,
    cube_mm: float = DEFAULT_CUBE_MM,
    near_mm: float = 150.0,
    far_mm: float = 1500.0,
) -> FoundHand:
    """Where the hand is in a raw frame: depth_mm [H, W], 0 = no reading.

    Readings outside near_mm..far_mm are ignored. ValueError if nothing in range has a hand's size and shape.
    """
    scene, stride = _scene(np.asarray(depth_mm), camera, near_mm, far_mm)
    best, count = _best_end(scene)
    if best is None or best.score < _HOPELESS:
        what = f"as large as a hand ({_BODY_CM2:g} cm2 of connected surface)" if best is None else "shaped like a hand"
        raise ValueError(
            f"nothing {what} between {near_mm:g} and {far_mm:g} mm; "
            "give the hand's centre, or check the depth unit and the camera"
        )
    center, area = _center(scene, best)
    half = cube_mm / 2
    u, v, z = camera.project(center)
    du, dv = camera.fx * half / z, camera.fy * half / z
    return FoundHand(
        center_mm=center.astype(np.float32),
        half_mm=half,
        box_px=(float(u - du), float(v - dv), float(u + du), float(v + dv)),
        end_px=(float(scene.columns[best.node] * stride), float(scene.rows[best.node] * stride)),
        area_cm2=area,
        candidates=count,
        note=f"hand at {z:.0f} mm, the most hand-like of {count} ends (score {best.score:.2f})",
    )


def _scene(depth_mm: npt.NDArray[np.generic], camera: Camera, near_mm: float, far_mm: float) -> tuple[_Scene, int]:
    stride = max(1, round(max(depth_mm.shape) / _GRID_PX))
    depth = depth_mm[::stride, ::stride].astype(np.float64)
    is_kept = (depth >= near_mm) & (depth <= far_mm)
    if not is_kept.any():
        raise ValueError(f"no reading between {near_mm:g} and {far_mm:g} mm; check the depth unit and the range")
    rows, columns = np.nonzero(is_kept)
    values = depth[rows, columns]
    points = camera.unproject(np.stack([columns * stride, rows * stride, values], axis=-1))
    px_mm = values * stride / camera.fx
    nodes = np.full(depth.shape, -1)
    nodes[rows, columns] = np.arange(len(values))
    pairs = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        first = nodes[: -down or None, max(-right, 0) : -right if right > 0 else None]
        second = nodes[down:, max(right, 0) : right if right < 0 else None]
        both = (first >= 0) & (second >= 0)
        pairs.append(np.stack([first[both], second[both]]))
    start, stop = np.concatenate(pairs, axis=1)
    is_joined = np.abs(values[start] - values[stop]) <= _JUMP_MM
    start, stop = start[is_joined], stop[is_joined]
    lengths = np.linalg.norm(points[start] - points[stop], axis=1)
    edges = np.concatenate([start, stop]), np.concatenate([stop, start])
    graph = sparse.csr_matrix((np.tile(lengths, 2), edges), shape=(len(values), len(values)))
    area = px_mm * values * stride / camera.fy / 100
    return _Scene(
        points_mm=points, rows=rows, columns=columns, shape=depth.shape, area_cm2=area, px_mm=px_mm, graph=graph
    ), stride


def _best_end(scene: _Scene) -> tuple[_End | None, int]:
    """The most hand-like end, and how many were compared.

    A body is left out where even the best score, 1, could not make up for its distance behind the best end so far.
    """
    best, best_value, count = None, -np.inf, 0
    for nearest_mm, body in _bodies(scene):
        if 1 - nearest_mm / _BEHIND_MM < best_value:
            break
        ends = _ends(scene, body)
        count += len(ends)
        for end in ends:
            value = end.score - end.depth_mm / _BEHIND_MM
            if value > best_value:
                best, best_value = end, value
    return best, count


def _bodies(scene: _Scene) -> list[tuple[float, BoolArray]]:
    """Connected parts above the size of noise, the nearest first: its least depth, and [M]."""
    count, labels = csgraph.connected_components(scene.graph, directed=False)
    areas = np.bincount(labels, weights=scene.area_cm2, minlength=count)
    bodies = [labels == label for label in np.flatnonzero(areas >= _BODY_CM2)]
    return sorted(((float(scene.points_mm[body, 2].min()), body) for body in bodies), key=lambda body: body[0])


def _ends(scene: _Scene, body: BoolArray) -> list[_End]:
    """The ends of one body, each farthest along the surface from its middle and from the ends before."""
    members = np.flatnonzero(body)
    breadth = _breadth(scene, body)
    fingers = _is_finger(scene, body, breadth)
    middle = int(np.argmin(np.linalg.norm(scene.points_mm[members] - scene.points_mm[members].mean(axis=0), axis=1)))
    from_middle = csgraph.dijkstra(scene.graph, indices=members[middle])[members]
    from_ends = np.full(len(members), np.inf)
    ends: list[_End] = []
    while len(ends) < _MAX_ENDS:
        node = int(np.argmax(np.minimum(from_middle, from_ends)))
        if ends and min(2 * from_middle[node], from_ends[node]) < _END_GAP_MM:
            break
        distance = csgraph.dijkstra(scene.graph, indices=members[node])
        from_ends = np.minimum(from_ends, distance[members])
        region = distance <= _REACH_MM
        score = _handness(scene, region, breadth, fingers)
        ends.append(
            _End(
                node=int(members[node]),
                score=score,
                depth_mm=float(scene.points_mm[region, 2].mean()),
                body=body,
                breadth_mm=breadth,
                distance_mm=distance,
            )
        )
    return ends


def _breadth(scene: _Scene, body: BoolArray) -> FloatArray:
    """[M] distance to the body's silhouette in mm; occluders in front of it and small holes do not interrupt it."""
    near_mm = np.quantile(scene.points_mm[body, 2], 0.05)
    solid = body | (scene.points_mm[:, 2] < near_mm)
    part = scene.around(solid, _MARGIN_PX)
    mask = scene.picture(solid)[part]
    mask = ndimage.binary_closing(mask, iterations=_MARGIN_PX - 1, border_value=0) | mask
    distance = np.zeros(scene.shape)
    distance[part] = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return np.where(body, distance[scene.rows, scene.columns] * scene.px_mm, 0.0)


def _is_finger(scene: _Scene, body: BoolArray, breadth: FloatArray) -> BoolArray:
    """[M] the thin parts of a body: those that no disc broader than a finger covers from inside."""
    core, part = scene.picture(breadth > _FINGER_MM), scene.around(body, 0)
    if not core.any():
        return body
    from_core = np.zeros(scene.shape)
    from_core[part] = ndimage.distance_transform_edt(~core[part])
    thin = body & (from_core[scene.rows, scene.columns] * scene.px_mm > _FINGER_MM)
    labels = ndimage.label(scene.picture(thin), structure=np.ones((3, 3)))[0][scene.rows, scene.columns]
    areas = np.bincount(labels, weights=np.where(thin, scene.area_cm2, 0.0))
    fingers: BoolArray = thin & (areas >= _FINGER_CM2)[labels]  # the fringe of a sleeve is thin too, but in shreds
    return fingers


def _handness(scene: _Scene, region: BoolArray, breadth: FloatArray, fingers: BoolArray) -> float:
    """Score of how hand-like the surroundings of an end are; about 0 for a bare arm, 1 for spread fingers."""
    area = scene.area_cm2
    total = float(area[region].sum())
    finger = float(area[region & fingers].sum())
    trunk = float(area[region & (breadth > _TRUNK_MM)].sum())
    height, width = scene.shape
    is_border = (scene.rows == 0) | (scene.columns == 0) | (scene.rows == height - 1) | (scene.columns == width - 1)
    border_mm = float(scene.px_mm[region & is_border].sum())
    return min(finger / 25, 1.0) - min(3 * trunk / total, 1.0) - min(border_mm / 60, 1.0) - max(0.0, 1 - total / 40)


def _center(scene: _Scene, end: _End) -> tuple[FloatArray, float]:
    """The mean of the hand's surface, [3], and its area in cm2: all around the palm except the arm."""
    within_reach = end.distance_mm <= _PALM_REACH_MM
    palm = int(np.argmax(np.where(within_reach, end.breadth_mm, -1.0)))
    around = np.linalg.norm(scene.points_mm - scene.points_mm[palm], axis=1) <= _AROUND_PALM_MM
    hand = end.body & around & (end.distance_mm <= end.distance_mm[palm] + _WRIST_MM)
    center: FloatArray = np.average(scene.points_mm[hand], axis=0, weights=scene.area_cm2[hand])
    return center, float(scene.area_cm2[hand].sum())
