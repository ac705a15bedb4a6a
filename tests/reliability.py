#!/usr/bin/env python3
"""Writes the figures of the last `make torture` into docs/reliability.md."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
FIGURES = ROOT / "target" / "torture"
BEGIN = "<!-- figures: written by `make torture` -->\n"
END = "<!-- end of figures -->\n"


def rows(figures):
    yield "| promise | what would be wrong | tried | wrong | to know |\n| --- | --- | ---: | ---: | --- |\n"
    for figure in sorted(figures, key=lambda figure: (figure["promise"], figure["what"])):
        cells = [figure["promise"], figure["what"], f"{figure['tried']:,}", f"{figure['wrong']:,}", figure["also"]]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main():
    figures = [json.loads(file.read_text()) for file in FIGURES.glob("*.json")]
    if not figures:
        sys.exit(f"{FIGURES}: no figures, run `make torture` first")
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(before + BEGIN + "".join(rows(figures)) + END + after)
    if any(figure["wrong"] for figure in figures):
        sys.exit("a promise was broken, see docs/reliability.md")


if __name__ == "__main__":
    main()
