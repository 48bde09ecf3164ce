"""What a JPEG file says of the picture before it: its coefficients, and so where the original lay."""

from artifix.jpeg.coefficients import Component, JpegCoefficients, Space, read_coefficients
from artifix.jpeg.projection import project
from artifix.jpeg.verdict import Verdict, verify

__all__ = ["Component", "JpegCoefficients", "Space", "Verdict", "project", "read_coefficients", "verify"]
