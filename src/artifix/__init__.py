"""artifix removes compression artifacts from pictures: blocks, ringing, mosquito noise, banding and smeared colour."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from artifix.offline import stay_offline

if TYPE_CHECKING:
    from artifix.codecs import degrade
    from artifix.errors import ArtifixError
    from artifix.image import Picture, read_image, read_picture, write_image, write_picture
    from artifix.inspection import Inspection, inspect
    from artifix.paths import restore_path
    from artifix.pool.machines import Pool
    from artifix.restoration import Record, Restorer, load_restorer, restore
    from artifix.restoration.options import FileOptions

    __version__: str

__all__ = [
    "ArtifixError",
    "FileOptions",
    "Inspection",
    "Picture",
    "Pool",
    "Record",
    "Restorer",
    "degrade",
    "inspect",
    "load_restorer",
    "read_image",
    "read_picture",
    "restore",
    "restore_path",
    "write_image",
    "write_picture",
]

_HOME = {
    "ArtifixError": "artifix.errors",
    "FileOptions": "artifix.restoration.options",
    "Inspection": "artifix.inspection",
    "Picture": "artifix.image",
    "Pool": "artifix.pool.machines",
    "Record": "artifix.restoration",
    "Restorer": "artifix.restoration",
    "degrade": "artifix.codecs",
    "inspect": "artifix.inspection",
    "load_restorer": "artifix.restoration",
    "read_image": "artifix.image",
    "read_picture": "artifix.image",
    "restore": "artifix.restoration.once",
    "restore_path": "artifix.paths",
    "write_image": "artifix.image",
    "write_picture": "artifix.image",
}

stay_offline()  # here, since every module that imports a runtime imports this package first


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `artifix --help` needs none of them."""
    if name == "__version__":
        return import_module("importlib.metadata").version("artifix")  # slow to import
    if name not in _HOME:
        raise AttributeError(f"module 'artifix' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, "__version__"})
