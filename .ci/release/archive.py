#!/usr/bin/env python3
"""Makes a release's archive of one program: docktag-VERSION-TARGET.tar.gz, or .zip for Windows.

    .ci/release/archive.py VERSION TARGET PROGRAM FOLDER

In it is a folder of the archive's name with the program, the licences, README and CHANGELOG. The same files give the same bytes.
"""

import gzip
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("CHANGELOG.md", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md")
THEN = (1980, 1, 1, 0, 0, 0)  # what a .zip can say at least


def archive(version, target, program, folder):
    windows = "windows" in target
    name = f"docktag-{version}-{target}"
    files = [(f"{name}/docktag.exe" if windows else f"{name}/docktag", program, 0o755)]
    files += [(f"{name}/{document}", ROOT / document, 0o644) for document in DOCUMENTS]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}{'.zip' if windows else '.tar.gz'}"
    file.write_bytes(zipped(files) if windows else tarred(files))
    return file


def zipped(files):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, source, mode in files:
            entry = zipfile.ZipInfo(name, THEN)
            entry.create_system, entry.external_attr, entry.compress_type = 3, mode << 16, zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read_bytes())
    return buffer.getvalue()


def tarred(files):
    buffer = BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as target:
            for name, source, mode in files:
                content = source.read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), mode
                target.addfile(entry, BytesIO(content))
    return buffer.getvalue()


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: archive.py VERSION TARGET PROGRAM FOLDER")
    version, target, program, folder = sys.argv[1:]
    print(archive(version, target, Path(program), Path(folder)))


if __name__ == "__main__":
    main()
