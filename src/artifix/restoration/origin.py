"""What an output says of its making, so that one that exists is kept only if it is what would be made again.

The input's checksum and the settings stand in the output's XMP (in a tag of Matroska, behind all else in MP4 and MOV),
as attributes that can be found by looking at the file's bytes, whatever its format:

    <rdf:Description rdf:about="" xmlns:artifix="urn:artifix:1.0/" artifix:input="..." artifix:settings="..."/>
"""

import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from artifix.errors import OutputError
from artifix.printable import counted

_END: Final = 8 << 20  # bytes at either end of a file that are looked at
_LONGEST: Final = 65_000  # bytes of a packet, which JPEG holds no more of
_HEX: Final = 32  # digits of the checksum
_ATTRIBUTES: Final = re.compile(rb'artifix:input="([^"]*)" artifix:settings="([^"]*)"(?: artifix:failed="(\d{1,9})")?')
_ELEMENT: Final = re.compile(rb'\s*<(?:[\w.-]+:)?Description [^<>]*xmlns:artifix="[^<>]*/>')
_CLOSING: Final = re.compile(rb"</((?:[\w.-]+:)?)RDF\s*>")
_NEW_PACKET: Final = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)


@dataclass(frozen=True)
class Origin:
    """What decides an output: the checksum of its input, and the settings as `name=value` words."""

    input: str
    settings: str
    failed: int = 0
    """How many of an archive's pages could not be restored."""

    @property
    def attributes(self) -> str:
        """All of it as it stands in a file."""
        failed = f' artifix:failed="{self.failed}"' if self.failed else ""
        return f'artifix:input="{self.input}" artifix:settings="{html.escape(self.settings)}"{failed}'


def origin_of(source: Path, settings: str) -> Origin:
    """The origin of what is made of a file with these settings. OSError if it cannot be read."""
    with source.open("rb") as file:
        return Origin(hashlib.file_digest(file, "sha256").hexdigest()[:_HEX], settings)


def with_origin(xmp: bytes | None, origin: Origin) -> bytes | None:
    """The XMP packet, or a new one, with the origin in place of an earlier one.

    The packet as it was if it has no place for it that can be found, or would be longer than a JPEG holds.
    """
    packet = _ELEMENT.sub(b"", xmp or _NEW_PACKET)
    ends = list(_CLOSING.finditer(packet))
    if not ends:
        return xmp
    prefix, at = ends[-1][1], ends[-1].start()
    about = f'{prefix.decode()}about="" xmlns:artifix="urn:artifix:1.0/" {origin.attributes}'
    marked = packet[:at] + b"<" + prefix + b"Description " + about.encode() + b"/>" + packet[at:]
    return marked if len(marked) <= _LONGEST else xmp


def without_origin(comment: bytes) -> bytes:
    """A file's comment without the origin in it."""
    return _ATTRIBUTES.sub(b"", comment).strip()


def read_origin(path: Path) -> Origin | None:
    """What a file says of its making; None if it does not. OSError if it cannot be read."""
    with path.open("rb") as file:
        found = origin_in(file.read(_END))
        if not found:
            length = file.seek(0, 2)
            file.seek(max(0, length - _END))
            found = origin_in(file.read(_END))
    return found


def origin_in(content: bytes) -> Origin | None:
    """The first origin that stands in some bytes; None without one."""
    found = _ATTRIBUTES.search(content)
    if not found:
        return None
    return Origin(
        found[1].decode(errors="replace"), html.unescape(found[2].decode(errors="replace")), int(found[3] or 0)
    )


def is_made(target: Path, source: Path, settings: str, read: Callable[[Path], Origin | None] = read_origin) -> bool:
    """Whether a source has its output already, made of it with these settings; `read` says what it was made of.

    OutputError for an output that is the source itself, was made otherwise or does not say, or has a name that is no
    file's.
    """
    try:
        if not source.exists() or not target.is_file():
            return False
        if target.samefile(source):
            raise OutputError(f"{target}: is the input itself; give another output, or allow to overwrite it")
        made, wanted = read(target), origin_of(source, settings)
        if made != wanted and origin_of(target, settings) == wanted:  # a picture that was left as it is
            return "force=yes" not in settings.split()
    except OSError as error:  # such as a name too long
        raise OutputError(f"{error.filename or target}: {error.strerror or error}") from error
    if made != wanted:
        raise OutputError(f"{target}: exists already, {_difference(made, wanted)}; --overwrite replaces it")
    return True


def _difference(made: Origin | None, wanted: Origin) -> str:
    if made is None:
        return "and does not say what it was made of"
    if made.input != wanted.input:
        return "made of another input, or of this one before it changed"
    if made.failed:
        return f"with {counted(made.failed, 'page')} of it that could not be restored"
    before, now = (dict(word.partition("=")[::2] for word in each.settings.split()) for each in (made, wanted))
    names = [name for name in before | now if before.get(name) != now.get(name)]
    said = ", ".join(f"{name} {before.get(name, 'default')} instead of {now.get(name, 'default')}" for name in names)
    return f"made with {said}"
