"""Find the hand in raw depth frames that may also show an arm, a torso or a head.

Readings in range become a graph: neighbouring pixels are joined unless depth jumps between them. Its large connected
parts are bodies. On each, the points farthest along the surface from everything else are its ends: fingertips, elbows,
heads (Plagemann et al. 2010, "Real-time identification and localization of body parts from depth images"). The end with
the best hand score is chosen: near the camera, nothing as broad as a head around it, fingers, and not where the arm
leaves the image. The palm is the broadest place near that end, and the cube's centre the mean of what surrounds it.

Any number of frames is searched at once: in each step one body, and one end of it, of every frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsps_core.camera import Camera, FloatArray
from lsps_core.data.crop import DEFAULT_CUBE_MM
from lsps_core.data.hand_readings import BoolArray, IntArray, Parts, Readings, connected_parts, parts_of, read
from lsps_core.data.hand_silhouette import silhouette

_BODY_CM2 = 15.0  # smaller parts are noise: half a child's fist
_MAX_ENDS = 6  # of one body: head, hands, feet and one more
_END_GAP_MM = 120.0  # two ends of one body are at least so far apart, and half as far from its middle
_REACH_MM = 200.0  # a hand's length: what belongs to an end
_PALM_REACH_MM = 160.0  # from a fingertip to behind the middle of the palm, and not far up the arm
_AROUND_PALM_MM = 130.0  # the longest finger's tip
_WRIST_MM = 60.0  # from the middle of the palm to where the arm begins
_TRUNK_MM = 60.0  # half the breadth of a palm or an arm is less, that of a head is more
_HOPELESS = -1.0  # a wall, a torso cut by the image's edge
_BEHIND_MM = 200.0  # an end this far behind another needs the score of a spread hand against an arm's
_NEAR_MM, _FAR_MM = 150.0, 1500.0  # of readings that are looked at


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
class _Best:
    """The most hand-like ends of B frames.

    value [B]: -inf without an end. body, node [B]: its connected part and its reading. candidates [B]: how many ends
    were compared. labels [M]: the connected part of each reading. breadth_mm, distance_mm [M]: of the readings of these
    bodies, to the silhouette and along the surface from the end.
    """

    value: FloatArray
    score: FloatArray
    body: IntArray
    node: IntArray
    candidates: IntArray
    labels: IntArray
    breadth_mm: FloatArray
    distance_mm: FloatArray

    @property
    def is_hand(self) -> BoolArray:
        """[B]"""
        return np.isfinite(self.value) & (self.score >= _HOPELESS)


def find_hand(
    depth_mm: npt.NDArray[np.generic],
    camera: Camera,
    *,
    cube_mm: float = DEFAULT_CUBE_MM,
    near_mm: float = _NEAR_MM,
    far_mm: float = _FAR_MM,
) -> FoundHand:
    """Where the hand is in a raw frame: depth_mm [H, W], 0 = no reading.

    Readings outside near_mm..far_mm are ignored. ValueError if nothing in range has a hand's size and shape.
    """
    readings = read(np.asarray(depth_mm)[None], camera, near_mm, far_mm)
    if not len(readings):
        raise ValueError(f"no reading between {near_mm:g} and {far_mm:g} mm; check the depth unit and the range")
    best = _best_ends(readings, 1)
    if not best.is_hand[0]:
        is_body = np.isfinite(best.value[0])
        what = "shaped like a hand" if is_body else f"as large as a hand ({_BODY_CM2:g} cm2 of connected surface)"
        raise ValueError(
            f"nothing {what} between {near_mm:g} and {far_mm:g} mm; "
            "give the hand's centre, or check the depth unit and the camera"
        )
    centers, areas = _centers(readings, best)
    center, half, end = centers[0], cube_mm / 2, best.node[0]
    u, v, z = camera.project(center)
    du, dv = camera.fx * half / z, camera.fy * half / z
    count = int(best.candidates[0])
    return FoundHand(
        center_mm=center.astype(np.float32),
        half_mm=half,
        box_px=(float(u - du), float(v - dv), float(u + du), float(v + dv)),
        end_px=(float(readings.columns[end] * readings.stride), float(readings.rows[end] * readings.stride)),
        area_cm2=float(areas[0]),
        candidates=count,
        note=f"hand at {z:.0f} mm, the most hand-like of {count} ends (score {best.score[0]:.2f})",
    )


def find_centers(depth_mm: npt.NDArray[np.generic], camera: Camera) -> tuple[npt.NDArray[np.float32], BoolArray]:
    """depth_mm [B, H, W] -> (`FoundHand.center_mm` of each frame [B, 3], 0 without one; whether there is one [B])."""
    centers = np.zeros((len(depth_mm), 3), dtype=np.float32)
    readings = read(depth_mm, camera, _NEAR_MM, _FAR_MM)
    if not len(readings):
        return centers, np.zeros(len(depth_mm), dtype=np.bool_)
    best = _best_ends(readings, len(depth_mm))
    if best.is_hand.any():
        centers[best.is_hand] = _centers(readings, best)[0]
    return centers, best.is_hand


def _best_ends(readings: Readings, frame_count: int) -> _Best:
    """The most hand-like end of each frame.

    Bodies are looked at from the nearest on, until even the best score, 1, could not make up for the distance of the
    next one behind the best end so far.
    """
    labels, rounds = _bodies(readings)
    best = _Best(
        value=np.full(frame_count, -np.inf),
        score=np.full(frame_count, -np.inf),
        body=np.full(frame_count, -1),
        node=np.full(frame_count, -1),
        candidates=np.zeros(frame_count, dtype=np.int64),
        labels=labels,
        breadth_mm=np.zeros(len(readings)),
        distance_mm=np.full(len(readings), np.inf),
    )
    for frames, bodies, nearest_mm in rounds:
        is_possible = 1 - nearest_mm / _BEHIND_MM >= best.value[frames]
        if is_possible.any():
            _compare(readings, frames[is_possible], bodies[is_possible], best)
    return best


def _bodies(readings: Readings) -> tuple[IntArray, list[tuple[IntArray, IntArray, FloatArray]]]:
    """(the connected part of each reading, the bodies of each round: frames, parts, least depths).

    Bodies are parts above the size of noise. The first round has the nearest body of each frame, the second the next.
    """
    count, labels = connected_parts(readings)
    frame = np.zeros(count, dtype=np.int64)
    frame[labels] = readings.frame
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, labels, readings.points_mm[:, 2])
    bodies = np.flatnonzero(np.bincount(labels, weights=readings.area_cm2, minlength=count) >= _BODY_CM2)
    bodies = bodies[np.lexsort((nearest[bodies], frame[bodies]))]
    rank = np.arange(len(bodies)) - np.searchsorted(frame[bodies], frame[bodies])
    chosen = [bodies[rank == turn] for turn in range(int(rank.max(initial=-1)) + 1)]
    return labels, [(frame[part], part, nearest[part]) for part in chosen]


def _compare(readings: Readings, frames: IntArray, bodies: IntArray, best: _Best) -> None:
    """Put the ends of one body of each of these frames into `best` where they are better.

    Each end is farthest along the surface from its body's middle and from the ends before.
    """
    parts = parts_of(best.labels, bodies)
    members, part = parts.members, parts.part
    breadth, fingers = silhouette(readings, parts)
    best.breadth_mm[members] = breadth
    from_middle = readings.distance_mm(members[_middles(readings, parts)])[members]
    from_ends = np.full(len(members), np.inf)
    is_searched = np.ones(parts.count, dtype=np.bool_)
    for turn in range(_MAX_ENDS):
        places = parts.argmin(-np.minimum(from_middle, from_ends))
        if turn:
            is_searched &= np.minimum(2 * from_middle[places], from_ends[places]) >= _END_GAP_MM
        if not is_searched.any():
            break
        distance = readings.distance_mm(members[places[is_searched]])[members]
        from_ends = np.minimum(from_ends, distance)
        score, depth = _handness(readings, parts, distance <= _REACH_MM, breadth, fingers)
        value = np.where(is_searched, score - depth / _BEHIND_MM, -np.inf)
        best.candidates[frames] += is_searched
        is_better = value > best.value[frames]
        better = frames[is_better]
        best.value[better], best.score[better] = value[is_better], score[is_better]
        best.body[better], best.node[better] = bodies[is_better], members[places[is_better]]
        changed = is_better[part]
        best.distance_mm[members[changed]] = distance[changed]


def _middles(readings: Readings, parts: Parts) -> IntArray:
    """[K] the places of the members nearest to the mean of their part."""
    points = readings.points_mm[parts.members]
    sizes = parts.sum(np.ones(len(points)))
    mean = np.stack([parts.sum(along) / sizes for along in points.T], axis=1)
    return parts.argmin(np.linalg.norm(points - mean[parts.part], axis=1))


def _handness(
    readings: Readings, parts: Parts, region: BoolArray, breadth: FloatArray, fingers: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """(score of how hand-like the surroundings of each part's end are [K], their mean depth in mm [K]).

    region [Q]: the surroundings. The score is about 0 for a bare arm, 1 for spread fingers.
    """
    area = readings.area_cm2[parts.members] * region
    total = np.maximum(parts.sum(area), 1e-9)  # 0 for parts without an end
    finger, trunk = parts.sum(area * fingers), parts.sum(area * (breadth > _TRUNK_MM))
    border_mm = parts.sum(readings.border_mm[parts.members] * region)
    score = np.minimum(finger / 25, 1) - np.minimum(3 * trunk / total, 1) - np.minimum(border_mm / 60, 1)
    score -= np.maximum(0.0, 1 - total / 40)
    depth = parts.sum(readings.points_mm[parts.members, 2] * region) / np.maximum(parts.sum(region), 1)
    return score, depth


def _centers(readings: Readings, best: _Best) -> tuple[FloatArray, FloatArray]:
    """The means of the hands' surfaces, [K, 3], and their areas in cm2 [K]: all around the palm except the arm."""
    parts = parts_of(best.labels, best.body[best.is_hand])
    points, distance = readings.points_mm[parts.members], best.distance_mm[parts.members]
    breadth = np.where(distance <= _PALM_REACH_MM, best.breadth_mm[parts.members], -1.0)
    palm = parts.argmin(-breadth)[parts.part]
    around = np.linalg.norm(points - points[palm], axis=1) <= _AROUND_PALM_MM
    area = readings.area_cm2[parts.members] * (around & (distance <= distance[palm] + _WRIST_MM))
    areas = parts.sum(area)
    return np.stack([parts.sum(area * along) for along in points.T], axis=1) / areas[:, None], areas
