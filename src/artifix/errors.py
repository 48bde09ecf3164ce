"""What can go wrong, as exceptions whose text is the one line a user reads."""


class ArtifixError(Exception):
    """Base of every error that artifix raises on purpose; its text names the file and the reason."""


class ImageError(ArtifixError):
    """A file that is not a picture, is broken, or holds more than is allowed."""


class VideoError(ArtifixError):
    """A file that is not a video, is broken, or is of a kind that is not restored."""


class OutputError(ArtifixError):
    """An output that cannot be written, exists already, or would replace an input."""


class ModelError(ArtifixError):
    """An unknown model, or a model file that is not one of ours or does not fit."""


class RecipeError(ArtifixError):
    """A training recipe with an unknown key or a value out of range."""


class DataError(ArtifixError):
    """A data folder without what is needed in it."""


class CodecError(ArtifixError):
    """A codec that is not installed, or that failed."""


class ClusterError(ArtifixError):
    """A cluster that cannot be reached, or that went while it was used."""


def needs_extra(what: str, extra: str, error: ImportError) -> str:
    """The line for what needs the packages of an extra, with the command that installs them."""
    return f"{what}: needs the extra {extra!r}, pip install 'artifix[{extra}]' ({error})"
