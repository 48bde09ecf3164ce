"""The codecs that a restored video can be written with, and their encoders as PyAV has them."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import av

from artifix.codecs.clips import SMALLEST_HEVC
from artifix.errors import CodecError
from artifix.video.source import Video


@dataclass(frozen=True)
class VideoCodec:
    """A codec's encoder and its settings; `crf` is its default constant rate factor, None where it is lossless."""

    encoder: str
    crf: int | None
    options: dict[str, str] = field(default_factory=dict)


# The defaults are near what the eye takes for lossless: what was just restored is not to be damaged again.
VIDEO_CODECS: Final = {
    "h264": VideoCodec("libx264", 18, {"preset": "medium"}),
    "hevc": VideoCodec("libx265", 20, {"preset": "medium", "x265-params": "log-level=error"}),
    "ffv1": VideoCodec("ffv1", None, {"level": "3", "g": "1", "slicecrc": "1"}),
}


@dataclass(frozen=True)
class Encoding:
    """How a video is encoded: all that an encoder is opened with."""

    codec: str
    crf: int | None
    width: int
    height: int
    pixel_format: str

    @property
    def like(self) -> tuple[int, int, str]:
        """Width, height and pixel format of the frames that the encoder takes."""
        return self.width, self.height, self.pixel_format


def choose(video: Video, codec: str | None = None, crf: int | None = None) -> Encoding:
    """The encoding of a video: H.264, but HEVC for more than 8 bits, unless a codec is asked for.

    Bit depth and chroma stay. H.264 and HEVC have no odd sizes with halved chroma, so a row or column is added there.
    CodecError for an encoder that is missing or lacks the video's format, or for a `crf` where there is no loss.
    """
    codec = codec or ("h264" if video.layout.bits == 8 else "hevc")
    if codec not in VIDEO_CODECS:
        raise ValueError(f"unknown codec {codec!r}, expected one of {', '.join(VIDEO_CODECS)}")
    used = VIDEO_CODECS[codec]
    if crf is not None and used.crf is None:
        raise CodecError(f"{video.path}: {codec} has no loss and takes no --crf")
    formats = {each.name for each in find_encoder(codec).video_formats or ()}
    full_range = video.pixel_format.replace("yuvj", "yuv")  # the same samples; a tag says the range
    pixel_format = next((name for name in (video.pixel_format, full_range) if name in formats), None)
    if pixel_format is None:
        raise CodecError(f"{video.path}: {codec} is not written with its {video.pixel_format}; try --codec ffv1")
    width, height = video.width, video.height
    if codec == "hevc" and min(width, height) < SMALLEST_HEVC:
        raise CodecError(f"{video.path}: hevc is not written below {SMALLEST_HEVC} pixels a side; try --codec h264")
    if used.crf is not None:
        width += width % 2 if video.layout.subsampling in ("4:2:0", "4:2:2") else 0
        height += height % 2 if video.layout.subsampling == "4:2:0" else 0
    return Encoding(codec, used.crf if crf is None else crf, width, height, pixel_format)


def find_encoder(codec: str) -> Any:
    """PyAV's encoder of a codec; CodecError if PyAV was built without it."""
    name = VIDEO_CODECS[codec].encoder
    try:
        return av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError as error:
        raise CodecError(f"{codec} needs the encoder {name}, which this PyAV lacks; try another --codec") from error


def add_encoder(container: Any, video: Video, encoding: Encoding) -> Any:
    """A new stream of the container that encodes frames of the video, which are to be numbered from 0."""
    used = VIDEO_CODECS[encoding.codec]
    stream = container.add_stream(used.encoder, video.rate)
    stream.width, stream.height, stream.pix_fmt = encoding.like
    stream.time_base = stream.codec_context.time_base = Fraction(1 / video.rate)
    stream.sample_aspect_ratio = video.aspect or 0
    video.colours.apply(stream.codec_context)
    options = dict(used.options)
    if encoding.crf is not None:
        options["crf"] = str(encoding.crf)
    if video.layout.siting == "centre":
        options["chroma_sample_location"] = "center"
    stream.options = options
    return stream
