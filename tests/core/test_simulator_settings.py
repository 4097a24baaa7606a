"""The settings of a simulation, and stores without any of them, which stay as they were before there were settings."""

import hashlib

import h5py
import numpy as np
import pytest
import torch

from lsps_core.cli import main
from lsps_core.data.store import FrameStore
from lsps_core.errors import LspsError
from lsps_core.simulator.settings import SimulationSettings
from lsps_core.simulator.simulate_store import simulate_store

# Of 24 frames, seed 5, 3 subjects, as written before there were settings.
HASHES = {
    "synthetic": {"depth": "7699e58bf914dbdd", "joints_mm": "08680e2b76430370", "center_mm": "467e44b42dcaf212"},
    "sensor": {"depth": "fba754d4c6beed2d", "joints_mm": "fd2434dd37908528", "center_mm": "02d60cd3fb348dfc"},
}
ARITHMETIC = "dd40832c5870fe5a"
"""Of the processor that the hashes are from, see `arithmetic`."""
MEAN_Z_MM = {"synthetic": 548.54648, "sensor": 596.38488}
MEAN_DEPTH_MM = {"synthetic": 131.616, "sensor": 140.595}
SENSOR = ("--domain", "sensor", "--frames", "2")


def write(path, domain, **options):
    simulate_store(path, domain, 24, subjects=3, seed=5, provenance={}, on_progress=[].append, **options)
    return path


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def arithmetic() -> str:
    """Differs between processors whose sums and sines end in other bits."""
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(64, 21, 3, generator=generator)
    b = torch.randn(64, 3, 3, generator=generator)
    return digest(torch.cat([a @ b, a.sin(), a.exp(), (a * a).sum(dim=-1, keepdim=True).sqrt()], dim=-1).numpy())


@pytest.fixture(scope="module", params=["synthetic", "sensor"])
def usual(request, tmp_path_factory):
    """(domain, datasets, provenance) of a store without any setting."""
    path = write(tmp_path_factory.mktemp("usual") / "store.h5", request.param)
    with h5py.File(path) as file:
        datasets = {name: file[name][...] for name in file}
    with FrameStore(path) as store:
        return request.param, datasets, store.provenance


def test_without_settings_a_store_keeps_its_datasets_and_provenance(usual):
    domain, datasets, provenance = usual
    assert set(datasets) == {"depth", "joints_mm", "center_mm", "half_mm", "name"}
    assert provenance == {"seed": 5, "domain": domain}
    assert datasets["joints_mm"][..., 2].mean(dtype=float) == pytest.approx(MEAN_Z_MM[domain], abs=1e-3)
    assert datasets["depth"].mean(dtype=float) == pytest.approx(MEAN_DEPTH_MM[domain], abs=0.02)


def test_without_settings_a_store_keeps_its_bits(usual):
    if arithmetic() != ARITHMETIC:
        pytest.skip("another processor: its last bits differ")
    domain, datasets, _ = usual
    assert {name: digest(datasets[name]) for name in HASHES[domain]} == HASHES[domain]


def test_settings_are_in_the_provenance(tmp_path):
    path = tmp_path / "any.h5"
    assert main(["simulate", str(path), *SENSOR, "--views", "any", "--things", "0.5", "--wrist", "straight"]) == 0
    with FrameStore(path) as store:
        found = {name: store.provenance[name] for name in ("views", "things", "wrist")}
        assert found == {"views": "any", "things": 0.5, "wrist": "straight"}
        assert "crop" not in store.provenance


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"views": "above"}, "unknown views 'above'; choose one of palm, any, egocentric"),
        ({"things": 1.5}, "the share of things is 1.5; give a number from 0 to 1"),
        ({"things": float("nan")}, "the share of things is nan; give a number from 0 to 1"),
        ({"crop": "wide"}, "unknown crop 'wide'; choose one of true, found"),
        ({"wrist": "bent"}, "unknown wrist 'bent'; choose one of free, straight"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(settings, message):
    with pytest.raises(LspsError) as caught:
        SimulationSettings(**settings)
    assert str(caught.value) == message
    assert caught.value.field in settings


def test_the_command_refuses_an_impossible_share(tmp_path, capsys):
    path = tmp_path / "store.h5"
    assert main(["simulate", str(path), *SENSOR, "--things", "2"]) == 2
    assert capsys.readouterr().err == "lsps simulate: the share of things is 2.0; give a number from 0 to 1\n"
    assert not path.exists()
