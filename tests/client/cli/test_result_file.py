"""The result file tells of this run, or is not there."""

import json
import os
from pathlib import Path

import pytest
from andon.cli.command import UnusableError
from andon.cli.result_file import ResultFile


def test_an_earlier_result_goes_before_anybody_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text('{"ran": true}')
    ResultFile(str(file))
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_whole_beside_and_renamed(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    writing = ResultFile(str(file))
    writing.write({"ran": False, "message": "«nein»"})
    assert json.loads(file.read_text(encoding="utf-8")) == {"ran": False, "message": "«nein»"}
    assert [found.name for found in tmp_path.iterdir()] == ["result.json"]


def test_a_place_that_cannot_be_written_is_said_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="No such file or directory; name a file"):
        ResultFile(str(tmp_path / "nowhere" / "result.json"))
    with pytest.raises(UnusableError, match="Is a directory"):
        ResultFile(str(tmp_path))


def test_it_stays_where_it_was_meant_when_the_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writing = ResultFile("result.json")
    monkeypatch.chdir("/")
    writing.write({"ran": True})
    assert (tmp_path / "result.json").exists()


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = ResultFile(str(tmp_path / "result.json"))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        writing.write({"ran": True})
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_nothing_is_written() -> None:
    ResultFile(None).write({"ran": True})
