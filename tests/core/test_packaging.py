"""What an installation brings along."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETUP = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_packed():
    folders = {path.parent for name in ("lsps_core", "explorer_app") for path in (ROOT / name).rglob("*.py")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert packages | {"explorer_app._resources"} == set(SETUP["packages"])


def test_resources_travel_inside_the_apps_package_and_stay_small():
    assert SETUP["package-dir"]["explorer_app._resources"] == "resources"
    sizes = {
        name: sum(path.stat().st_size for path in (ROOT / "resources" / name).rglob("*"))
        for name in ("models", "samples")
    }
    assert 0 < sizes["models"] <= 15e6
    assert 0 < sizes["samples"] <= 5e6


def test_the_pictures_of_the_readme_stay_out_of_the_wheel():
    assert SETUP["exclude-package-data"]["explorer_app._resources"] == ["screenshots/**"]


def test_the_top_level_holds_what_was_agreed_and_nothing_else():
    agreed = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    agreed |= {"lsps_core", "explorer_app", "resources", "tests"}
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    tracked = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = {line.partition("/")[0] for line in tracked.splitlines()}
    assert {name for name in found if not name.startswith(".")} == agreed
