"""The types of the API's requests and answers, for its OpenAPI description."""

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from artifix.image import FORMATS
from artifix.video.clip import Clip

RECORD_HEADER: Final = "Artifix-Record"
NAMED: Final = {
    "Content-Disposition": "The file's name.",
    RECORD_HEADER: "JSON: width, height, seconds, notes (what the format could not keep) and the model.",
}
"""The headers of an answer that is a restored file."""
SUFFIXES: Final = {format.name.lower(): format.suffixes[0] for format in FORMATS}
_TYPES: Final = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/tiff",
    "image/bmp",
    "image/avif",
    "image/gif",
    "image/jp2",
)


class FormatName(StrEnum):
    """The formats that are written, by their names and by what their files are usually called."""

    jpeg = "jpeg"
    jpg = "jpg"
    png = "png"
    webp = "webp"
    tiff = "tiff"
    tif = "tif"
    bmp = "bmp"
    avif = "avif"
    gif = "gif"
    jpeg2000 = "jpeg2000"
    jp2 = "jp2"

    @property
    def suffix(self) -> str:
        """Of a file in this format."""
        return SUFFIXES.get(self.value, f".{self.value}")


class Failure(BaseModel):
    """The reason for a refusal."""

    error: str


class KeptName(BaseModel):
    """The name that an upload is kept under, and what it is if it is a video."""

    upload: str
    clip: Clip | None = None


class VideoName(BaseModel):
    """The name of a video that is being restored."""

    video: str


class JobProgress(BaseModel):
    """The progress of a picture or a video."""

    state: Literal["unknown", "arriving", "waiting", "working", "leaving"]
    ahead: int
    """How many wait in front of it."""
    share: float
    """The share of the work that is done, 0..1."""


class Offer(BaseModel):
    """A choice for people; `model` is the value of the parameter that it stands for."""

    role: str
    label: str
    words: str
    model: str
    by_format: bool


class OfferedModel(BaseModel):
    """A model's card, its name, and whether it can be blended with the vivid model by `detail`."""

    model_config = ConfigDict(extra="allow")

    name: str
    summary: str
    detail: bool


class ModelList(BaseModel):
    """The choices, models and formats that are offered."""

    default: str
    choices: list[Offer]
    models: list[OfferedModel]
    formats: dict[str, str]
    """The formats that are written, and the suffix of each."""


class Health(BaseModel):
    """The state of the server."""

    status: Literal["ok"]
    version: str
    videos: bool
    """Whether the server restores videos."""
    arriving: int
    waiting: int
    working: int
    leaving: int
    limits: dict[str, float]


_FORM: Final = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
            "additionalProperties": False,
        }
    }
}
BODY: Final = {"requestBody": {"required": True, "content": _FORM}}
BODY_OR_UPLOAD: Final = {"requestBody": {"required": False, "content": _FORM}}
FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Failure, "description": reason}
    for status, reason in {
        400: "a parameter is wrong or unknown, or the format cannot hold the picture",
        403: "the request comes from another site's page",
        408: "the upload took too long",
        409: "another picture has this job's name",
        410: "the upload of this name is not kept any more",
        413: "too many bytes or pixels, or too long a video",
        415: "not a picture of a format that can be read, or a video where none are taken",
        422: "the picture or video is broken, or of a kind that is not restored",
        429: "the queue is full; Retry-After says how many seconds to wait",
        503: "the server is being stopped",
    }.items()
}
FAILURES[429]["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
OF_UPLOADS: Final = {status: failure for status, failure in FAILURES.items() if status != 410}


def picture(description: str, *types: str, **headers: str) -> dict[int | str, dict[str, Any]]:
    """The description of an answer that is a picture, of any format that is written or of `types`, and its headers."""
    return {
        200: {
            "description": description,
            "content": {type: {"schema": {"type": "string", "format": "binary"}} for type in types or _TYPES},
            "headers": {
                name: {"required": True, "description": words, "schema": {"type": "string"}}
                for name, words in headers.items()
            },
        }
    }
