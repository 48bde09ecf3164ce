"""Two pictures beside each other in a notebook."""

import base64
import html
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from artifix.errors import ArtifixError
from artifix.image import read_image

_SIDE: Final = 640  # pixels that a picture is reduced to at most
_QUALITY: Final = 90


def before_and_after(before: str, after: str) -> str | None:
    """HTML with both files' pictures, reduced to at most `_SIDE` pixels a side; None where either cannot be read."""
    try:
        figures = [_figure(path, words) for path, words in ((before, "before"), (after, "after"))]
    except ArtifixError:
        return None
    return f'<div style="display:flex;gap:1em;flex-wrap:wrap">{"".join(figures)}</div>'


def _figure(path: str, words: str) -> str:
    image = Image.fromarray(read_image(path))
    image.thumbnail((_SIDE, _SIDE))
    file = BytesIO()
    image.save(file, "WEBP", quality=_QUALITY)
    source = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    caption = html.escape(f"{Path(path).name}, {words}")
    return f'<figure style="margin:0"><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
