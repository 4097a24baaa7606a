"""The recipes of SimHand and SimHand 2."""

import shlex

from lsps_core.cli import main
from lsps_core.data.store import FrameStore
from lsps_core.experiments.simhand import RECIPES, recipe
from lsps_core.simulator.recipes import make_stores


def test_simhand_keeps_its_recipe():
    assert [store.command for store in RECIPES["simhand"]] == [
        "lsps simulate synthetic.h5 --domain synthetic --frames 40000 --subjects 1 --seed 1",
        "lsps simulate sensor.h5 --domain sensor --frames 40000 --subjects 8 --seed 2",
        "lsps simulate test.h5 --domain sensor --frames 4000 --subjects 6 --seed 1000",
    ]


def test_no_two_stores_of_a_recipe_draw_the_same_frames():
    for stores in RECIPES.values():
        assert len({(store.seed, store.domain) for store in stores}) == len(stores)
        assert len({store.file for store in stores}) == len(stores)


def test_simhand2_leaves_a_camera_out_and_its_commands_make_its_stores(tmp_path):
    made = make_stores(tmp_path / "data", recipe("simhand2", is_tiny=True), device="cpu", on_progress=lambda *_: None)
    assert list(made) == ["synthetic", "real", "test", "left_out"]
    groups = {}
    for role, path in made.items():
        with FrameStore(path) as store:
            groups[role] = {division: set(names.tolist()) for division, names in store.groups.items()}
    assert groups["synthetic"]["camera"] == groups["synthetic"]["thing"] == {"none"}
    assert groups["real"]["camera"] == groups["test"]["camera"] == {"sr300", "kinect", "tof"}
    assert groups["left_out"]["camera"] == {"d415"}
    assert len(groups["test"]["thing"]) > 3

    (left_out,) = (store for store in recipe("simhand2", is_tiny=True) if store.role == "left_out")
    options = shlex.split(left_out.command)[3:]
    assert main(["simulate", str(tmp_path / "again.h5"), *options]) == 0
    with FrameStore(tmp_path / "again.h5") as again, FrameStore(made["left_out"]) as first:
        assert (again.depth_mm(slice(None)) == first.depth_mm(slice(None))).all()
