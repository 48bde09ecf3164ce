import pytest
from PIL import Image


@pytest.fixture
def memory():
    """fsspec's filesystem in memory, empty again after the test."""
    files = pytest.importorskip("fsspec").filesystem("memory")
    yield files
    for path in files.find("/"):
        files.rm_file(path)


@pytest.fixture
def jpeg(photograph, tmp_path):
    """The bytes of a JPEG, which lies in tmp_path too."""
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph).save(path, quality=15)
    return path.read_bytes()
