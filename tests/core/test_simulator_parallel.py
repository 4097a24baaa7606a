"""Several processes make the frames that one makes."""

from itertools import islice

import numpy as np
import pytest

from lsps_core.cli import main
from lsps_core.data.store import FrameStore
from lsps_core.simulator import parallel
from lsps_core.simulator.parallel import simulate_in_processes, usual_jobs
from lsps_core.simulator.settings import PALM, SimulationSettings
from lsps_core.simulator.simulate import simulate

SETTINGS = SimulationSettings(views="any", things=0.3, camera="sr300,tof")
FIELDS = ("depth_mm", "joints_mm", "center_mm", "subject", "view", "thing", "hand", "camera")


def joined(batches):
    batches = list(batches)
    return {field: np.concatenate([getattr(batch, field) for batch in batches]) for field in FIELDS}


def test_frames_from_a_later_batch_on_are_those_of_the_whole():
    whole = joined(simulate("sensor", 160, seed=4, batch_size=32, settings=SETTINGS))
    part = joined(simulate("sensor", 80, seed=4, batch_size=32, settings=SETTINGS, first_batch=2))
    for field in FIELDS:
        np.testing.assert_array_equal(part[field], whole[field][64:144])


@pytest.fixture
def span(monkeypatch: pytest.MonkeyPatch) -> int:
    """Frames that a process makes at a time: one batch."""
    monkeypatch.setattr(parallel, "SPAN", 64)
    return 64


def test_processes_make_the_same_frames_in_the_same_order_and_may_be_left(span):
    """Three batches of thirty, each of another span."""
    arguments, options = ("sensor", 30 * span), {"subjects": 3, "seed": 7, "settings": PALM}
    one = joined(islice(simulate(*arguments, **options), 3))
    batches = simulate_in_processes(*arguments, jobs=2, **options)
    two = joined(islice(batches, 3))
    assert len(two["depth_mm"]) == 3 * span
    for field in FIELDS:
        np.testing.assert_array_equal(two[field], one[field])
    batches.close()


def test_wrong_arguments_are_refused_before_a_process_starts(monkeypatch):
    monkeypatch.setattr(parallel, "workers", None)
    with pytest.raises(ValueError, match="subjects is 0"):
        simulate_in_processes("sensor", 5000, subjects=0, seed=0, settings=PALM, jobs=2)


def test_the_command_takes_jobs(span, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("lsps_core.simulator.simulate_store.SPAN", span)
    for name, jobs in (("one.h5", "1"), ("two.h5", "2")):
        options = ["--domain", "synthetic", "--frames", "100", "--jobs", jobs]
        assert main(["simulate", str(tmp_path / name), *options]) == 0
    with FrameStore(tmp_path / "one.h5") as one, FrameStore(tmp_path / "two.h5") as two:
        np.testing.assert_array_equal(one.depth_mm(slice(None)), two.depth_mm(slice(None)))
        assert one.names == two.names
    assert main(["simulate", str(tmp_path / "no.h5"), "--domain", "synthetic", "--frames", "9", "--jobs", "0"]) == 2
    assert "--jobs is 0" in capsys.readouterr().err


def test_only_found_crops_take_all_cores_unasked(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert usual_jobs(PALM) == 1
    assert usual_jobs(SimulationSettings(crop="found")) == 6
