"""The disk whose power fails: builds the shim, and makes a folder anew from its shadow."""

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("kept.c")


def build(folder: Path) -> Path:
    """The shim as a library, by the C compiler of the machine."""
    library = folder / "kept.so"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    return library


def fail(folder: Path, shadow: Path) -> None:
    """The power has failed while a server, now dead, served the folder: what is left of it.

    The shadow is emptied: after the next start everything that is left has long been on the disk.
    """
    root = _root_of(folder, shadow)
    left = folder.with_suffix(".left")
    _restore(root, left, shadow)
    shutil.rmtree(folder)
    left.rename(folder)
    shutil.rmtree(shadow)
    shadow.mkdir()


def _root_of(folder: Path, shadow: Path) -> str:
    """The folder's own key: of its inode, and there is one alone."""
    (named,) = shadow.glob(f"{folder.stat().st_ino}-*.names")
    return named.name.removesuffix(".names")


def _restore(key: str, path: Path, shadow: Path) -> None:
    """A directory with the names it had, each with the bytes it had; never synced: none."""
    path.mkdir()
    for line in (shadow / f"{key}.names").read_text(encoding="utf-8").splitlines():
        inner, _, name = line.partition(" ")
        if (shadow / f"{inner}.names").exists():
            _restore(inner, path / name, shadow)
        elif (shadow / inner).exists():
            shutil.copy(shadow / inner, path / name)
        elif not name.endswith("-shm"):
            (path / name).touch()
