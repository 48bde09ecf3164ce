"""Apply a model: to an image, a file or a folder."""

from artifix.restoration.load import load_restorer
from artifix.restoration.once import restore
from artifix.restoration.record import Record
from artifix.restoration.restorer import Restorer

__all__ = ["Record", "Restorer", "load_restorer", "restore"]
