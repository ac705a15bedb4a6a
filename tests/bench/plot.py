"""How long each program takes for how many files, as a picture: both axes grow by factors of ten."""

import math
from html import escape

from results import Case

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 20, 50
# Colours that differ for the colour-blind too (Okabe and Ito), on white and on black.
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#8b6fc0", "#a05a2c")


def svg(cases: list[tuple[int, Case]]) -> str:
    """The picture, from cases with the number of files of each."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for count, case in cases:
        for row in case.rows:
            if row.measured:
                lines.setdefault(row.name, []).append((count, row.median))
    times = [seconds for points in lines.values() for _, seconds in points]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log10(cases[0][0]), math.log10(cases[-1][0])

    def x(count: float) -> float:
        return LEFT + (math.log10(count) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        return TOP + (high - math.log10(seconds)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" role="img">',
        "<title>Files and seconds, of all programs</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for count, _ in cases:
        parts.append(_line(x(count), TOP, x(count), HEIGHT - BOTTOM, "#ddd"))
        parts.append(_text(x(count), HEIGHT - BOTTOM + 20, f"{count:,}", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "files of 5.4 kB", "middle"))
    for power in range(low, high + 1):
        parts.append(_line(LEFT, y(10.0**power), WIDTH - RIGHT, y(10.0**power), "#ddd"))
        parts.append(_text(LEFT - 8, y(10.0**power) + 4, _seconds(power), "end"))
    lowest = HEIGHT
    for (name, points), colour in sorted(zip(lines.items(), COLOURS * 2), key=lambda it: -y(it[0][1][-1][1])):
        path = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(count):.1f}" cy="{y(seconds):.1f}" r="3" fill="{colour}"/>' for count, seconds in points]
        # Names of lines that end near each other stand one above the other.
        lowest = min(lowest - 16, y(points[-1][1]) + 4)
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{lowest:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _seconds(power: int) -> str:
    return f"{10**power} s" if power >= 0 else f"{10 ** (power + 3):g} ms"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#444">{escape(text)}</text>'
