"""H.264 intra, the raw stream of one picture as a camera's video has it, with PyAV: x264 encodes, FFmpeg decodes."""

from fractions import Fraction
from typing import Any, Final

import numpy as np

from artifix.codecs.codec import Codec, Pixels
from artifix.errors import CodecError

_START: Final = b"\0\0\1"  # before every unit of a stream (ITU-T H.264, annex B)
_SEI: Final = 6  # a unit that decoding does not need; x264 writes half a kilobyte of its settings into one


def _encode(image: Pixels, quality: int, subsampling: str) -> bytes:
    av = _av()
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    even = np.pad(colour, [(0, colour.shape[0] % 2), (0, colour.shape[1] % 2), (0, 0)], mode="edge")
    try:
        encoder = av.CodecContext.create("libx264", "w")
    except av.codec.codec.UnknownCodecError as error:
        raise CodecError("h264 needs the encoder libx264, which this PyAV lacks") from error
    encoder.height, encoder.width, _ = even.shape
    encoder.pix_fmt = f"yuv{subsampling.replace(':', '')}p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qp": str(quality), "x264-params": "keyint=1:threads=1"}  # more threads, more slices
    packets = [*encoder.encode(av.VideoFrame.from_ndarray(even, format="rgb24")), *encoder.encode(None)]
    return without_settings(b"".join(map(bytes, packets)))


def without_settings(stream: bytes) -> bytes:
    """An H.264 stream without what x264 says in it of itself."""
    units = stream.split(_START)
    return _START.join(unit for unit in units if not unit or unit[0] & 31 != _SEI)


def _decode(data: bytes) -> Pixels:
    av = _av()
    decoder = av.CodecContext.create("h264", "r")
    frames: list[Any] = decoder.decode(av.Packet(data)) + decoder.decode(None)
    return frames[0].to_ndarray(format="rgb24")


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise CodecError("h264 needs PyAV: pip install 'artifix[codecs]'") from error
    return av


H264 = Codec("QP", 51, 1, _encode, _decode)
