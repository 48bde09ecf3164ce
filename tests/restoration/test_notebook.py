"""A record shows its pictures in a notebook."""

import base64
import re
from io import BytesIO

import pytest
from PIL import Image

from artifix import Restorer
from artifix.restoration import Record


def test_a_restored_file_is_shown_before_and_after(photograph, make_model, tmp_path):
    source, target = tmp_path / "<b>&.jpg", tmp_path / "after.png"
    Image.fromarray(photograph).resize((1280, 960)).save(source, quality=20)
    record = Restorer(make_model()).restore_file(source, target)
    html = record._repr_html_()
    pictures = re.findall(r'src="data:image/webp;base64,([^"]+)"', html)
    sizes = [Image.open(BytesIO(base64.b64decode(each))).size for each in pictures]
    assert sizes == [(640, 480)] * 2
    assert "&lt;b&gt;&amp;.jpg, before" in html
    assert "<b>" not in html


@pytest.mark.parametrize("status", ["restored", "kept", "failed"])
def test_what_cannot_be_shown_is_printed(tmp_path, status):
    """IPython then takes the repr."""
    record = Record(str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"), status)
    assert record._repr_html_() is None
    assert "a.jpg" in repr(record)
