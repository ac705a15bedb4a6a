"""Make the test trees: the same names, sizes and bytes on every machine."""

import random
from pathlib import Path

from results import MIB

FILES_PER_FOLDER = 50
FOLDERS_PER_PART = 20


def many_files(project: Path, count: int, mean_size: int) -> None:
    """`count` files of half to one and a half times `mean_size` bytes, three folders deep."""
    rng = random.Random(count)
    for i in range(count):
        folder = _folder(project, i)
        if i % FILES_PER_FOLDER == 0:
            folder.mkdir(parents=True)
        size = rng.randint(mean_size // 2, mean_size * 3 // 2)
        (folder / f"file-{i:06}.txt").write_bytes(rng.randbytes(size))


def large_files(project: Path, count: int, size: int) -> None:
    """Few files of `size` bytes; one random block is repeated, since no hash here looks for repetition."""
    folder = project / "docker" / "large"
    folder.mkdir(parents=True)
    rng = random.Random(count)
    for i in range(count):
        block = rng.randbytes(MIB)
        with open(folder / f"file-{i:06}.bin", "wb") as file:
            for _ in range(size // MIB):
                file.write(block)


def tiny_files(project: Path, count: int) -> None:
    """`count` files of 0 to 3 bytes, three folders deep."""
    for i in range(count):
        folder = _folder(project, i)
        if i % FILES_PER_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"{i:06}").write_bytes(b"abc"[: i % 4])


def _folder(project: Path, i: int) -> Path:
    nth = i // FILES_PER_FOLDER
    return project / "docker" / f"part-{nth // FOLDERS_PER_PART:03}" / f"group-{nth % FOLDERS_PER_PART:02}"
