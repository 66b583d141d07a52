"""A file is whole or not there at all, whatever happens while it is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from octopus_pipeline.store.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path

KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from octopus_pipeline.store.whole_file import whole_file

with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half of" * 100_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(path: Path, content: bytes) -> None:
    with whole_file(path) as file:
        file.write(content)


def test_it_is_there_when_the_block_ends_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "figures.json"
    with whole_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("when", ["while it is written", "while it is put on the disk"])
def test_what_fails_leaves_the_former_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, when: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"half of")
            fail()

    path = tmp_path / "figures.json"
    write(path, b"former")
    if when == "while it is written":
        with pytest.raises(type(error)):
            write_half()
    else:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(type(error)):
            write(path, b"whole")
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_former_file_and_is_swept_up_after_a_day_later(tmp_path: Path) -> None:
    path, other = tmp_path / "figures.json", tmp_path / ".figures.json.mine"
    write(path, b"former")
    other.write_bytes(b"")
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"former"
    (leftover,) = tmp_path.glob("*.tmp")
    write(path, b"next")
    assert leftover.exists(), "its writer might live"
    os.utime(leftover, (0, 0))
    write(path, b"last")
    assert sorted(tmp_path.iterdir()) == [other, path]
    assert path.read_bytes() == b"last"
