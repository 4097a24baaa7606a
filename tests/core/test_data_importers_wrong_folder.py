"""A folder that is not the set's: the command says in one line what it lacks and what to do, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_folders import FOLDERS, HOLLOW, SEQUENCE, SERIAL, SUBJECT

from lsps_core.cli import main
from lsps_core.data.importers.registry import DATASETS, check_folder, load
from lsps_core.data.recordings.opening import depth_files
from lsps_core.errors import LspsError

SETS = list(DATASETS)


def test_every_source_is_tried():
    assert list(FOLDERS) == [*SETS, "frames"]


def complaint(name: str, source: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The last line of an import that fails, in which the folder is named."""
    out = source.parent / "o.h5"
    options = [part for key, value in FOLDERS[name].values.items() for part in (f"--{key}", value)]
    paths = [out, source, "--camera", "475,475,320,240"] if name == "frames" else [source, out]
    before = set(source.parent.iterdir())
    assert main(["import", name, *map(str, paths), *options]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]  # perhaps after a progress bar
    assert line.startswith("lsps import: ")
    assert str(source) in line
    assert "; " in line  # and what to do
    assert set(source.parent.iterdir()) == before
    return line


@pytest.mark.parametrize(("name", "file"), [(name, file) for name in FOLDERS for file in FOLDERS[name].files])
def test_a_missing_file_is_named(tmp_path, capsys, name, file):
    folder = FOLDERS[name].make(tmp_path / "set", without=file)
    assert FOLDERS[name].files[file] in complaint(name, folder, capsys)


@pytest.mark.parametrize("name", HOLLOW)
def test_a_missing_file_in_a_folder_that_is_there_is_named(tmp_path, capsys, name):
    folders, lacking = HOLLOW[name]
    for folder in folders:
        (tmp_path / "set" / folder).mkdir(parents=True)
    assert lacking in complaint(name, tmp_path / "set", capsys)


@pytest.mark.parametrize("name", FOLDERS)
def test_an_empty_folder_and_none_at_all(tmp_path, capsys, name):
    (tmp_path / "empty").mkdir()
    assert next(iter(FOLDERS[name].files.values())) in complaint(name, tmp_path / "empty", capsys)
    assert "does not exist" in complaint(name, tmp_path / "mistyped", capsys)


@pytest.mark.parametrize("name", SETS)
def test_a_file_in_place_of_the_folder(tmp_path, capsys, name):
    (tmp_path / "set.zip").write_bytes(b"PK")
    assert "is not a folder; give the one that the data set was unpacked into" in complaint(
        name, tmp_path / "set.zip", capsys
    )


@pytest.mark.parametrize("name", SETS)
def test_the_folder_above_or_below_is_proposed(tmp_path, capsys, name):
    folder = FOLDERS[name].make(tmp_path / "disk" / "set")
    assert complaint(name, folder.parent, capsys).endswith(f"; give {folder}")
    inside = folder / "readme"
    inside.mkdir()
    assert complaint(name, inside, capsys).endswith(f"; give {folder}")


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("other", SETS)
def test_the_folder_of_another_set_is_recognised(tmp_path, capsys, name, other):
    if name == other:
        check_folder(name, FOLDERS[name].make(tmp_path / "set"), values_of(name))
        return
    line = complaint(name, FOLDERS[other].make(tmp_path / "set"), capsys)
    if name != "frames":
        assert line.endswith(f"; it is that of {load(other).title}: import {other}, or give another folder")


def values_of(name: str) -> dict[str, object]:
    return {option.name: option.default for option in load(name).options} | FOLDERS[name].values


@pytest.mark.parametrize("name", ["nyu", "icvl", "hands17", "hands19", "ho3d"])
def test_another_split_is_proposed(tmp_path, name):
    folder = FOLDERS[name].make(tmp_path / "set")
    own = FOLDERS[name].values["split"]
    option = next(option for option in load(name).options if option.name == "split")
    other = next(value for value, _ in option.choices if value != own)
    with pytest.raises(ValueError, match=f"; it has the split {own}: choose that, or unpack the other"):
        check_folder(name, folder, values_of(name) | {"split": other})


@pytest.mark.parametrize("name", SETS)
def test_a_folder_that_may_not_be_read_is_one_line(tmp_path, monkeypatch, name):
    folder = FOLDERS[name].make(tmp_path / "set")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    for listing in ("os.scandir", "os.listdir", "pathlib.Path.is_file"):
        monkeypatch.setattr(listing, refuse)
    with pytest.raises(LspsError, match=str(folder)):
        check_folder(name, folder, values_of(name))
    with pytest.raises(LspsError, match="Permission denied"):
        depth_files([folder])


def test_frames_of_no_choice(tmp_path, capsys):
    """All that the set needs is there, but not for this split."""
    folder = FOLDERS["dexycb"].make(tmp_path / "set")
    (folder / SUBJECT / SEQUENCE / SERIAL).mkdir()
    assert main(["import", "dexycb", str(folder), str(tmp_path / "o.h5"), "--split", "s1-test"]) == 2
    assert "has no frames of this choice, check the folder and the split" in capsys.readouterr().err
