"""Pictures as SVG, without any library: bars on a logarithmic scale with their spread (the
paper's Fig. 6: the configuration space), and lines of latencies over connections."""

import math
from xml.sax.saxutils import escape

COLOURS = ["#2f6690", "#d1495b", "#3a7d44", "#edae49", "#6a4c93", "#00798c", "#8d5524", "#555555"]
FONT = 'font-family="DejaVu Sans, sans-serif" font-size="12"'


def _text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def _frame(width, height, title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" {FONT}>\n'
            f'<title>{escape(title)}</title>\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n'
            + _text(16, 24, title, extra='font-weight="bold" fill="#222"') + "\n"
            + "\n".join(body) + "\n</svg>\n")


def _decades(low, high):
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return first, last if last > first else first + 1


def _short(value):
    for limit, suffix in (1e9, "G"), (1e6, "M"), (1e3, "k"):
        if value >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


def bars(title, unit, groups):
    """GROUPS: [(name, [(label, value, low, high)])]; all values above 0."""
    rows = [(name, bar) for name, some in groups for bar in some]
    values = [number for _, bar in rows for number in bar[1:4] if number > 0]
    if not values:
        return _frame(400, 60, title, [])
    first, last = _decades(min(values), max(values))
    left, width, step = 260, 900, 22
    scale = (width - left - 90) / (last - first)
    body, y = [], 50
    bottom = 50 + step * len(rows) + 14 * len(groups)

    def place(value):
        return left + (math.log10(value) - first) * scale

    for power in range(first, last + 1):
        x = left + (power - first) * scale
        body.append(f'<line x1="{x:.1f}" y1="42" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        body.append(_text(x, bottom + 16, _short(10 ** power), "middle", 'fill="#555"'))
    body.append(_text(width - 16, bottom + 34, unit + ", logarithmic", "end", 'fill="#555"'))
    for index, (name, some) in enumerate(groups):
        colour = COLOURS[index % len(COLOURS)]
        for number, (label, value, low, high) in enumerate(some):
            if number == 0:
                body.append(_text(16, y + 12, name, extra=f'fill="{colour}" font-weight="bold"'))
            body.append(_text(left - 8, y + 12, label, "end", 'fill="#333"'))
            if value > 0:
                body.append(f'<rect x="{left}" y="{y}" width="{place(value) - left:.1f}" '
                            f'height="{step - 6}" fill="{colour}" opacity="0.85"/>')
                body.append(f'<line x1="{place(max(low, 1e-9)):.1f}" y1="{y + 8}" '
                            f'x2="{place(max(high, 1e-9)):.1f}" y2="{y + 8}" stroke="black"/>')
                body.append(_text(place(max(value, high)) + 6, y + 12, _short(value)))
            y += step
        y += 14
    return _frame(width, bottom + 46, title, body)


def lines(title, unit, xs, series):
    """SERIES: {name: {x: value}}: both scales logarithmic; XS in order."""
    values = [value for points in series.values() for value in points.values() if value > 0]
    if not values:
        return _frame(400, 60, title, [])
    first, last = _decades(min(values), max(values))
    left, top, width, height = 80, 50, 620, 360
    across = (width - left - 20) / max(1, len(xs) - 1)
    up = (height - top - 40) / (last - first)
    body = []
    for power in range(first, last + 1):
        y = height - 40 - (power - first) * up
        body.append(f'<line x1="{left}" y1="{y:.1f}" x2="{width - 20}" y2="{y:.1f}" stroke="#ddd"/>')
        body.append(_text(left - 8, y + 4, _short(10 ** power), "end", 'fill="#555"'))
    for index, x in enumerate(xs):
        body.append(_text(left + index * across, height - 20, str(x), "middle", 'fill="#555"'))
    body.append(_text(width - 20, height - 4, f"connections; {unit}", "end", 'fill="#555"'))
    for index, (name, points) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = [(left + xs.index(x) * across, height - 40 - (math.log10(value) - first) * up)
                  for x, value in points.items() if value > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        body.append(_text(width, top + 16 * index, name, extra=f'fill="{colour}"'))
    return _frame(width + 180, height + 6, title, body)
