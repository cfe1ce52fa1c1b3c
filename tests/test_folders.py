"""Which errors blame the output folder, and which the folder for temporary files."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from ecu_bundle.errors import InternalError, UsageError
from ecu_bundle.folders import fresh_folder, scratch_folder, write_complete, write_files


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_temporary_folder(number: int) -> None:
    text = "the folder for temporary files cannot be used"
    with pytest.raises(UsageError, match=text) as caught, scratch_folder():
        raise OSError(number, "full")
    assert (caught.value.stage, caught.value.exit_code) == ("build", 2)
    assert "TMPDIR" in caught.value.hint


def test_no_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="cannot be used: No such file or directory"), scratch_folder():
        pass


def test_a_compiler_without_room() -> None:
    error = InternalError("build", "compiling failed", place="cc1: No space left on device")
    text = "cannot be used: No space left on device"
    with pytest.raises(UsageError, match=text) as caught, scratch_folder():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken"), InternalError("build", "a wrong flag")])
def test_other_errors_stay_what_they_are(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as caught, fresh_folder(tmp_path / "out"), scratch_folder():
        raise error
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_blames_the_output(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the bundle cannot be written") as caught:
        write_files(tmp_path, {"file/inner": b""}, output=tmp_path / "out")
    assert caught.value.place == str(tmp_path / "out")


def test_files_appear_complete(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    old.write_text("before")
    link = tmp_path / "link.txt"
    link.symlink_to(old)
    write_complete({link: b"after", tmp_path / "new/deep/file": b"2"}, hint="")
    assert link.is_symlink()
    assert old.read_text() == "after"
    assert (tmp_path / "new/deep/file").read_bytes() == b"2"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.txt", "new", "old.txt"]


def test_one_file_that_cannot_be_written_takes_all_with_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    places = {tmp_path / "new/one": b"1", tmp_path / "file/two": b"2"}
    with pytest.raises(UsageError, match="two cannot be written: ") as caught:
        write_complete(places, hint="elsewhere")
    assert (caught.value.place, caught.value.hint) == (str(tmp_path / "file/two"), "elsewhere")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_device_is_written_as_it_is() -> None:
    write_complete({Path("/dev/null"): b"gone"}, hint="")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(UsageError, match="full cannot be written: No space left"):
        write_complete({Path("/dev/full"): b"x"}, hint="")
    assert Path("/dev/full").is_char_device()
