"""A QR code as small inline SVG: one path that draws the dark runs of each row."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

QUIET = 4


def svg(text: str, label: str) -> Markup:
    """Draw a text as a QR code with a quiet zone of four modules, on white.

    `label` is its text alternative. No style, no script: it passes a strict CSP.
    """
    import qrcode  # noqa: PLC0415  (slow, and brings an imaging library: loaded at first setup)

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    size = len(matrix) + 2 * QUIET
    path = "".join(_row(row, y + QUIET) for y, row in enumerate(matrix))
    return Markup(
        '<svg class="tf-qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" '
        'width="240" height="240" shape-rendering="crispEdges" role="img" aria-label="{1}">'
        '<path fill="#fff" d="M0 0h{0}v{0}H0z"/>'
        '<path stroke="#000" transform="translate(0 .5)" d="{2}"/></svg>'
    ).format(size, label, path)


def _row(row: list[bool], y: int) -> str:
    runs = ((dark, sum(1 for _ in run)) for dark, run in groupby(row))
    steps = (f"h{length}" if dark else f"m{length} 0" for dark, length in runs)
    return f"M{QUIET} {y}" + "".join(steps)
