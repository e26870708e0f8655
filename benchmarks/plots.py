"""Bars as SVG, by hand: small enough to be kept beside the results."""

from collections.abc import Sequence
from html import escape

from benchmarks.measured import Bar, Role

_WIDTH, _NAMES, _FIGURES, _ROW, _TOP = 760, 250, 90, 24, 40
_COLORS = {Role.OURS: "#0b7285", Role.PLAIN: "#c92a2a", Role.PEER: "#868e96", Role.LIMIT: "#ced4da"}


def bars(shown: Sequence[Bar], *, title: str, form: str = "{:,.0f}") -> str:
    """The median as a bar, from the least to the greatest as a line over it."""
    room = _WIDTH - _NAMES - _FIGURES
    most = max((bar.value.most for bar in shown), default=1.0) or 1.0
    height = _TOP + _ROW * len(shown) + 28
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}"'
        ' font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="22" font-size="14" font-weight="600" fill="#212529">{escape(title)}</text>',
    ]
    for number, bar in enumerate(shown):
        y = _TOP + number * _ROW
        length, least, end = (room * value / most for value in (bar.value.median, bar.value.least, bar.value.most))
        middle = y + _ROW / 2
        weight = 600 if bar.role is Role.OURS else 400
        look = f'text-anchor="end" fill="#212529" font-weight="{weight}"'
        parts += [
            f'<text x="{_NAMES - 8}" y="{middle + 4}" {look}>{escape(bar.name)}</text>',
            f'<rect x="{_NAMES}" y="{y + 4}" width="{length:.1f}" height="{_ROW - 8}" fill="{_COLORS[bar.role]}"/>',
            f'<line x1="{_NAMES + least:.1f}" x2="{_NAMES + end:.1f}" y1="{middle}" y2="{middle}" stroke="#212529"/>',
            f'<text x="{_NAMES + end + 6:.1f}" y="{middle + 4}" fill="#212529">{form.format(bar.value.median)}</text>',
        ]
    x = _NAMES
    for role in (role for role in Role if any(bar.role is role for bar in shown)):
        y = height - 12
        parts += [
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{_COLORS[role]}"/>',
            f'<text x="{x + 14}" y="{y}" fill="#495057">{role.value}</text>',
        ]
        x += 110
    return "\n".join([*parts, "</svg>", ""])
