"""Label and prediction files: what is read, how, and what is refused with a line that says where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lsps_core.camera import ICVL, SIMULATED
from lsps_core.data.importers.icvl import ICVL_16
from lsps_core.data.importers.nyu import NYU_14
from lsps_core.evaluation import protocols, published
from lsps_core.evaluation.pairing import compare, pair
from lsps_core.evaluation.protocols import SIMULATED_21
from lsps_core.evaluation.published import PoseFileError
from lsps_core.skeleton import HAND21, ICVL16, NYU36


def hands(count, joints, seed=0):
    """uvd [count, joints, 3] of something hand-like before a camera."""
    random = np.random.default_rng(seed)
    middle = random.normal([200, 120, 600], [40, 30, 80], (count, 1, 3))
    return np.round(middle + random.normal(0, 25, (count, joints, 3)), 3)


UVD = hands(20, 14)
LINES = [" ".join(f"{value:.3f}" for value in frame.ravel()) for frame in UVD]


def read(folder, text, protocol=NYU_14):
    path = folder / "file.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return published.read(path, protocol)


def with_columns(before, after):
    return "\n".join(f"{before(i)}{line}{after(i)}" for i, line in enumerate(LINES))


READ_AS_IF_PLAIN = {
    "plain": "\n".join(LINES) + "\n",
    "no last line end": "\n".join(LINES),
    "windows line ends": "\r\n".join(LINES) + "\r\n",
    "old mac line ends": "\r".join(LINES),
    "byte order mark": "\ufeff" + "\n".join(LINES),
    "blank lines": "\n\n" + "\n\n  \t\n".join(LINES) + "\n\n\n",
    "trailing spaces": " \n".join(LINES) + " ",
    "tabs": "\n".join(LINES).replace(" ", "\t"),
    "commas": "\n".join(LINES).replace(" ", ", "),
    "semicolons": "\n".join(LINES).replace(" ", ";"),
    "comment": "# u v d\n" + "\n".join(LINES),
    "exponents": "\n".join(" ".join(f"{float(x):.9e}" for x in line.split()) for line in LINES),
    "file names": with_columns(lambda i: f"test/depth_1_{i + 1:07d}.png ", lambda _: ""),
    "file names with backslashes": with_columns(lambda i: f"test\\depth_1_{i + 1:07d}.png\t", lambda _: ""),
    "frame numbers": with_columns(lambda i: f"{i} ", lambda _: ""),
    "confidences": with_columns(lambda _: "", lambda i: f" {0.5 + i / 100}"),
    "names, numbers and confidences": with_columns(lambda i: f"a{i}.png {3 * i} 1 ", lambda i: f" 0.25 {i / 50}"),
}


@pytest.mark.parametrize("kind", READ_AS_IF_PLAIN)
def test_a_file_that_means_one_thing_is_read_as_that(tmp_path, kind):
    file = read(tmp_path, READ_AS_IF_PLAIN[kind])
    np.testing.assert_allclose(file.uvd, UVD, atol=1e-6)
    assert bool(file.names) == ("names" in kind)
    assert bool(file.notes) == ("numbers" in kind or "confidences" in kind)


def test_a_file_of_all_joints_gives_those_that_are_scored(tmp_path):
    uvd = hands(5, NYU36.joint_count)
    published.write(tmp_path / "all.txt", uvd)
    file = published.read(tmp_path / "all.txt", NYU_14)
    np.testing.assert_allclose(file.uvd, uvd[:, list(NYU_14.indices)], atol=1e-4)
    assert "36" in file.notes[0]


REFUSED = {
    "nothing": (b"", "holds no frames"),
    "blank": ("\n \n# only this\n", "holds no frames"),
    "not a number": ("\n".join([*LINES[:3], LINES[3].replace(" ", " nan ", 1), *LINES[4:]]), "line 4: 'nan' is not a"),
    "infinite": ("\n".join([LINES[0], "inf" + LINES[1][LINES[1].index(" ") :], *LINES[2:]]), "line 2: 'inf' is not a"),
    "too large": ("\n".join([LINES[0] + "e99", *LINES[1:]]), "line 1: .* is not a px or mm value"),
    "overflow": ("\n".join([LINES[0] + "e999", *LINES[1:]]), "line 1: .* is not a px or mm value"),
    "python's own numbers": ("\n".join(LINES).replace("1", "1_0"), "line 1"),
    "words": ("\n".join([*LINES[:6], LINES[6].rpartition(" ")[0] + " lost"]), "line 7: 'lost' is not a number"),
    "a short line": ("\n".join([*LINES[:8], LINES[8].rpartition(" ")[0], *LINES[9:]]), "line 9 has 41 .* lines 42"),
    "cut off": ("\n".join(LINES)[:-60], "line 20 has"),
    "one name only": ("\n".join([*LINES[:2], "a.png " + LINES[2], *LINES[3:]]), "line 3 begins with 'a.png'"),
    "another joint count": ("\n".join(" ".join(map(str, f.ravel())) for f in hands(9, 16)), "48 numbers .* 16 joints"),
    "one column more": (with_columns(lambda _: "", lambda i: f" {100 + 7 * i % 5}.5"), "43 numbers a line.* takes 42"),
    "one column less": ("\n".join(line.rpartition(" ")[0] for line in LINES), "41 numbers a line"),
    "text": ("Predictions of our method, all rights reserved.\n", "line 1: 'of' is not a number"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not a text file"),
    "utf-16": ("\n".join(LINES).encode("utf-16"), "is not a text file"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_without_a_single_meaning_is_refused_in_one_line(tmp_path, kind):
    text, message = REFUSED[kind]
    with pytest.raises(PoseFileError, match=message) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "file.txt"))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path):
    with pytest.raises(PoseFileError, match="does not exist"):
        published.read(tmp_path / "none.txt", NYU_14)
    with pytest.raises(PoseFileError, match="folder"):
        published.read(tmp_path, NYU_14)


def test_extra_columns_are_not_guessed_where_two_readings_remain(tmp_path):
    still = "\n".join([LINES[0] + " 1"] * 3)
    with pytest.raises(PoseFileError, match="43 numbers a line"):
        read(tmp_path, still)


@pytest.mark.parametrize("names", [(), tuple(f"subject1/depth_1_{i + 1:07d}" for i in range(20))])
def test_what_was_written_is_read_again(tmp_path, names):
    path = tmp_path / "new" / "predictions.txt"
    published.write(path, UVD, names)
    file = published.read(path, NYU_14)
    np.testing.assert_allclose(file.uvd, UVD, atol=5e-5)
    assert file.names == names
    assert [item.name for item in path.parent.iterdir()] == ["predictions.txt"]


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    path = tmp_path / "predictions.txt"
    with pytest.raises(PoseFileError, match="frame 1"):
        published.write(path, np.where(np.arange(20)[:, None, None] == 1, np.nan, UVD))
    for name in ("two words", "12", "", "#1", "a,b"):
        with pytest.raises(PoseFileError, match="cannot be written before"):
            published.write(path, UVD, (name,) * 20)
    assert not list(tmp_path.iterdir())


def test_protocols_are_chosen_by_skeleton_and_by_name():
    assert protocols.choose(NYU36, SIMULATED) is NYU_14
    assert protocols.choose(ICVL16, SIMULATED) is ICVL_16
    assert len(protocols.choose(HAND21, SIMULATED).joints) == 21
    assert protocols.choose(NYU36, SIMULATED, "NYU-14") is NYU_14
    everything = protocols.choose(NYU36, SIMULATED, "all")
    assert (everything.joints, everything.camera) == (NYU36.joints, SIMULATED)
    with pytest.raises(ValueError, match="no protocol 'nyu15'"):
        protocols.choose(NYU36, SIMULATED, "nyu15")
    with pytest.raises(ValueError, match="joints of nyu36"):
        protocols.choose(HAND21, SIMULATED, "nyu14")


def test_names_tell_lines_and_groups():
    assert NYU_14.line_of("depth_1_0000001.png") == 0
    assert NYU_14.line_of("subject2/depth_1_0008252") == 8251
    assert [NYU_14.line_of(name) for name in ("depth_1_0008253.png", "depth_2_0000001.png", "frame1.png")] == [None] * 3
    assert NYU_14.group_of("depth_1_0002440.png") == "subject1"
    assert NYU_14.group_of("depth_1_0002441.png") == "subject2"
    assert ICVL_16.line_of("test_seq_2\\image_0000.png") == 702
    assert ICVL_16.line_of("Depth/test_seq_1/image_0701.png") == 701
    assert ICVL_16.line_of("test_seq_1/image_0702.png") is None
    assert ICVL_16.group_of("Depth/test_seq_1/image_0701.png") == "test_seq_1"
    assert SIMULATED_21.group_of("subject3/000012") == "subject3"
    assert SIMULATED_21.group_of("000012") == ""


def poses(folder, name, uvd, names=()):
    path = folder / f"{name}.txt"
    published.write(path, uvd, names)
    return published.read(path, ICVL_16)


ICVL_UVD = hands(ICVL_16.frame_count, 16)
ICVL_NAMES = tuple(f"test_seq_1/image_{i:04d}.png" for i in range(702))
ICVL_NAMES += tuple(f"test_seq_2/image_{i:04d}.png" for i in range(894))


def test_frames_are_matched_by_name_whatever_their_order(tmp_path):
    labels = poses(tmp_path, "labels", ICVL_UVD)
    order = np.random.default_rng(3).permutation(1596)[:1000]
    named = poses(tmp_path, "named", ICVL_UVD[order], tuple(ICVL_NAMES[i] for i in order))
    table = compare(labels, named, ICVL_16)
    assert table.errors_mm.max() == 0
    assert table.places.tolist() == sorted(order)
    assert {name: len(errors) for name, errors in table.by_group().items()} == {
        "test_seq_1": int((order < 702).sum()),
        "test_seq_2": int((order >= 702).sum()),
    }
    backwards = compare(named, labels, ICVL_16)
    assert backwards.errors_mm.max() == 0
    assert len(backwards.errors_mm) == 1000


def test_frames_of_any_names_are_matched_where_both_files_have_them(tmp_path):
    labels = poses(tmp_path, "labels", ICVL_UVD[:3], ("x/a.png", "x/b.png", "x/c.png"))
    ours, theirs = pair(labels, poses(tmp_path, "two", ICVL_UVD[:2], ("x/c", "x/a")), ICVL_16)
    assert (ours.tolist(), theirs.tolist()) == ([0, 2], [1, 0])
    with pytest.raises(PoseFileError, match="do not name their frames alike"):
        pair(labels, poses(tmp_path, "others", ICVL_UVD[:3], ("1a", "1b", "1c")), ICVL_16)
    with pytest.raises(PoseFileError, match="alike and each once"):
        pair(labels, poses(tmp_path, "twice", ICVL_UVD[:3], ("x/a", "x/b", "x/b")), ICVL_16)


def test_fewer_frames_without_names_are_not_guessed(tmp_path):
    labels = poses(tmp_path, "labels", ICVL_UVD)
    with pytest.raises(PoseFileError, match=r"first\.txt has 1000 frames, .*labels\.txt 1596"):
        compare(labels, poses(tmp_path, "first", ICVL_UVD[:1000]), ICVL_16)
    part = poses(tmp_path, "part", ICVL_UVD[:1000])
    assert len(compare(part, poses(tmp_path, "first", ICVL_UVD[:1000]), ICVL_16).errors_mm) == 1000


def test_a_file_of_millimetres_with_y_down_is_read_as_pixels(tmp_path):
    protocol = replace(ICVL_16, file_axes="x y z")
    points = np.random.default_rng(4).normal([20, -30, 400], 40, (5, 16, 3))
    lines = ["\t".join([f"image_{i}.png", *(f"{v:.5f}" for v in row.ravel())]) for i, row in enumerate(points)]
    (tmp_path / "theirs.txt").write_text("\r\n".join(lines) + "\r\n")
    file = published.read(tmp_path / "theirs.txt", protocol)
    np.testing.assert_allclose(file.uvd, ICVL.project(points * (1, -1, 1)), atol=1e-3)
    np.testing.assert_allclose(protocol.numbers_of(file.uvd, ICVL), points, atol=1e-3)
    assert file.names[4] == "image_4.png"
    (tmp_path / "few.txt").write_text("1 2 3\n")
    with pytest.raises(PoseFileError, match="x y z of each of 16 joints"):
        published.read(tmp_path / "few.txt", protocol)
