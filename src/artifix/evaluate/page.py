"""Results as one self-contained web page: tables, rate-distortion plots, and crops of what went best and worst."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.errors import OutputError
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.quality import make_pair
from artifix.evaluate.registry import METRICS
from artifix.evaluate.report import Section, notes, provenance, sections
from artifix.evaluate.results import Results
from artifix.image import atomic_output, ensure_writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]

CROP: Final = 192  # pixels a side

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222;
       background: #fff; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
.reached { color: #137333; } .below { color: #b3261e; } .published { color: #777; }
figure { display: inline-block; margin: 0 .5rem .5rem 0; } figcaption { color: #777; }
"""


def write_page(path: str | Path, results: Results, data: str | Path, methods: Sequence[Method]) -> None:
    """Write the results as one HTML file that needs nothing beside it.

    Crops, at one pixel for one, show for each method the pictures of the folder `data` that it helped most and least.
    An existing file is replaced. OutputError if it cannot be written, or matplotlib is missing.
    """
    body = [table(section) for section in sections(results)]
    body += [f"<p>{html.escape(note)}</p>" for note in notes(results)]
    body += ["<h2>Rate and distortion</h2>", _plots(path, results)]
    for method in methods:
        if method.name != JPEG.name:
            body += [_crops(extreme, method, results) for extreme in _extremes(results, data, method)]
    made = provenance((mean.commit, mean.date) for mean in results.means())
    body.append(f"<p>{html.escape(made)}</p>")
    write_document(path, "How close restored pictures come to their targets", body)


def ensure_page(path: str | Path) -> None:
    """OutputError if a page cannot be written, or matplotlib is missing: to be asked before anything is measured."""
    new_figure(path)
    ensure_writable(path)


def write_document(path: str | Path, title: str, body: list[str]) -> None:
    """Write an HTML file of these pieces under a title; an existing one is replaced. OutputError if that cannot be."""
    page = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>artifix: {title}</title>\n'
        f"<style>{_STYLE}</style>\n<body>\n<h1>{title}</h1>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )
    with atomic_output(path, overwrite=True) as file:
        file.write(page.encode())


def table(section: Section) -> str:
    """A section in HTML."""
    lines = [f"<h2>{html.escape(section.title)}</h2>", "<table>"]
    for sheet in section.sheets:
        heads = "".join(f"<th>{html.escape(column)}</th>" for column in section.columns)
        lines.append(f"<tr><th>{sheet.heading}</th>{heads}</tr>")
        for method, cells in sheet.rows.items():
            lines.append(f"<tr><td>{html.escape(method)}</td>")
            lines += [f'<td class="{cell.verdict}">{cell}</td>' for cell in cells]
            lines.append("</tr>")
    lines.append("</table>")
    lines += [f"<p>{html.escape(note)}</p>" for note in section.notes]
    return "\n".join(lines)


def _plots(path: str | Path, results: Results) -> str:
    """For each data set PSNR and SSIM over the degraded files' bits per pixel, as inline SVG."""
    means = results.means()
    plots = []
    for section, dataset in zip(sections(results), dict.fromkeys(mean.dataset for mean in means), strict=True):
        figure = new_figure(path)
        for axes, metric in zip(figure.subplots(1, 2), ("psnr", "ssim"), strict=True):
            for row in dict.fromkeys(mean.row for mean in means if mean.dataset == dataset):
                curve = [mean for mean in means if (mean.dataset, mean.row) == (dataset, row)]
                rates = [mean.figures["bpp"] for mean in curve]
                axes.plot(rates, [mean.figures[metric] for mean in curve], marker="o", label=row)
            axes.set(xlabel="bits per pixel", ylabel=METRICS[metric].heading)
            axes.grid(alpha=0.3)
        figure.axes[0].legend()
        figure.suptitle(section.title)
        plots.append(inline_svg(figure))
    return "\n".join(plots)


def new_figure(path: str | Path) -> "Figure":
    """An empty figure for the page at a path; OutputError, naming it, if matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise OutputError(f"{path}: its plots need matplotlib: pip install 'artifix[evaluate]'") from error
    return Figure(figsize=(10, 4), layout="constrained")


def inline_svg(figure: "Figure") -> str:
    """A figure as SVG to stand in a page: the same for the same figure, its text left as text."""
    from matplotlib import rc_context

    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "artifix"}):
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = file.getvalue()
    return svg[svg.index("<svg") :]


@dataclass(frozen=True)
class _Extreme:
    """The picture and quality that a method helped most, or least, in PSNR."""

    path: Path
    quality: int
    gain: float  # dB
    best: bool


def _extremes(results: Results, data: str | Path, method: Method) -> list[_Extreme]:
    dataset = load_dataset(data)
    found = []
    for path in dataset.paths:
        for (name, image, codec, quality, used), record in results.records.items():
            jpeg = results.records.get((name, image, codec, quality, JPEG.name))
            if jpeg and quality and (name, image, codec, used) == (dataset.name, path.name, JPEG.name, method.name):
                found.append((record.figures["psnr"] - jpeg.figures["psnr"], path, quality))
    if not found:  # all means are of an earlier measurement, whose records are not here
        return []
    found.sort(key=lambda one: one[0])
    ends = ((True, found[-1]), (False, found[0]))
    return [_Extreme(path, quality, gain, best) for best, (gain, path, quality) in ends]


def _crops(extreme: _Extreme, method: Method, results: Results) -> str:
    target, degraded, file = make_pair(extreme.path, results.protocol, extreme.quality)
    restored = method.restore(degraded, file)
    rows, columns = _window(_squared(degraded, target) - _squared(restored, target), best=extreme.best)
    figures = "".join(
        f'<figure><img alt="{name}" width="{crop.shape[1]}" height="{crop.shape[0]}" src="{_data_uri(crop)}">'
        f"<figcaption>{name}</figcaption></figure>"
        for name, image in (("degraded", degraded), ("restored", restored), ("target", target))
        for crop in [image[rows, columns]]
    )
    size = "largest" if extreme.best == (extreme.gain >= 0) else "smallest"
    what = f"{size} {'gain' if extreme.gain >= 0 else 'loss'}"
    title = f"{method.name}, {what}: {extreme.path.name} at quality {extreme.quality}, {extreme.gain:+.2f} dB"
    return f"<h2>{html.escape(title)}</h2>\n<div>{figures}</div>"


def _squared(image: Pixels, target: Pixels) -> NDArray[np.int64]:
    """Squared error of each pixel, (H, W), summed over channels."""
    error = (image.astype(np.int64) - target) ** 2
    return error if error.ndim == 2 else error.sum(axis=2)


def _window(gain: NDArray[np.int64], *, best: bool) -> tuple[slice, slice]:
    """Where, in a window of `CROP` pixels a side or the whole picture, the squared error fell most, or least."""
    h, w = min(CROP, gain.shape[0]), min(CROP, gain.shape[1])
    total = np.pad(gain.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w]
    top, left = np.unravel_index(inside.argmax() if best else inside.argmin(), inside.shape)
    return slice(int(top), int(top) + h), slice(int(left), int(left) + w)


def _data_uri(image: Pixels) -> str:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
