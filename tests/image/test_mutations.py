"""Metadata changed at random: it ends as a picture with a note, or in one line, and never in the output's place."""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, TiffImagePlugin

from artifix.errors import ImageError
from artifix.image import WRITABLE_SUFFIXES, limits, losses, read_picture, write_picture
from artifix.image.directories import Directories
from artifix.image.segments import segment

SIZE = (24, 16)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" '
    b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="0123456789ABCDEF0123456789ABCDEF" '
    b'tiff:Orientation="6" GCamera:MotionPhoto="1"><GCamera:MicroVideo>1</GCamera:MicroVideo></r></x:xmpmeta>'
)
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0" + b"0123456789ABCDEF" * 2 + struct.pack(">II", 4, 0) + b"more"
IPTC = b"8BIM\4\4\0\0\0\0\0\x0c\x1c\x02\x78\0\7caption8BIM\4\x0c\0\0\0\0\0\5thumb\0"
MPF = (
    b"MM\0*"
    + struct.pack(">IHHHII", 8, 2, 0xB001, 4, 1, 2)
    + struct.pack(">HHIII", 0xB002, 7, 32, 38, 0)
    + struct.pack(">IIIHHIIIHH", 0x30000, 900, 0, 0, 0, 0, 20, 700, 0, 0)
)


def exif_block() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Orientation] = "Camera", 6
    exif[ExifTags.Base.XResolution] = TiffImagePlugin.IFDRational(300, 1)
    exif[ExifTags.Base.ExifOffset] = {
        ExifTags.Base.ISOSpeedRatings: 400,
        ExifTags.Base.UserComment: b"ASCII\0\0\0hello",
        ExifTags.Base.ExposureTime: TiffImagePlugin.IFDRational(1, 30),
    }
    exif[ExifTags.Base.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (1.0, 2.0, 3.5)}
    return exif.tobytes().removeprefix(b"Exif\0\0")


EXIF = exif_block()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def jpeg(blocks: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    extra = [segment(0xED, b"Photoshop 3.0\0" + blocks["iptc"]), segment(0xE2, b"MPF\0" + blocks["mpf"])]
    extra += [segment(0xE1, blocks["extension"]), segment(0xFE, blocks["text"]), segment(0xE4, b"other")]
    exif = b"Exif\0\0" + blocks["exif"]
    Image.new("RGB", SIZE, "navy").save(file, "JPEG", exif=exif, xmp=blocks["xmp"], extra=b"".join(extra))
    return file.getvalue() + b"\xff\xd8\xff\xe0 something behind" * 9


def png(blocks: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", SIZE, "navy").save(file, "PNG")
    digits = b"\n8bim\n      10\n" + blocks["iptc"].hex().encode()
    made = [chunk(b"eXIf", blocks["exif"]), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + blocks["xmp"])]
    made += [chunk(b"tEXt", blocks["text"]), chunk(b"iTXt", blocks["text"]), chunk(b"zTXt", blocks["text"])]
    made += [chunk(b"tEXt", b"Raw profile type 8bim\0" + digits)]
    made += [
        chunk(kind, blocks["colour"][: 4 if kind in (b"gAMA", b"cICP") else 32]) for kind in (b"gAMA", b"cHRM", b"cICP")
    ]
    return file.getvalue()[:33] + b"".join(made) + file.getvalue()[33:]


def tiff(blocks: dict[str, bytes]) -> bytes:
    """The EXIF block is the file: its first directory gains a picture of one strip."""
    file = io.BytesIO()
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[700], info[34377], info[ExifTags.Base.Make] = blocks["xmp"], blocks["iptc"], "Camera"
    info[ExifTags.Base.ExifOffset] = {
        ExifTags.Base.ISOSpeedRatings: 400,
        ExifTags.Base.UserComment: b"ASCII\0\0\0hello",
    }
    info[ExifTags.Base.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (1.0, 2.0, 3.5)}
    Image.new("RGB", SIZE, "navy").save(file, "TIFF", tiffinfo=info)
    data = bytearray(file.getvalue())
    for place, value in zip(blocks["places"][::2], blocks["places"][1::2], strict=False):
        data[len(data) - 1 - place % 600] = value  # Pillow writes the directory last
    return bytes(data)


WHOLE = {
    "exif": EXIF,
    "xmp": XMP,
    "iptc": IPTC,
    "mpf": MPF,
    "extension": EXTENSION,
    "text": b"Title\0\0\0en\0Titel\0words",
    "colour": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    "places": b"",
}


@st.composite
def mutated(draw) -> dict[str, bytes]:
    """All blocks, one of them with some bytes changed, and perhaps cut or doubled."""
    name = draw(st.sampled_from(sorted(WHOLE)))
    if name == "places":
        return WHOLE | {name: draw(st.binary(min_size=2, max_size=12))}
    block = bytearray(WHOLE[name])
    for _ in range(draw(st.integers(0, 6))):
        value = draw(st.one_of(st.integers(0, 255), st.sampled_from([0, 1, 0x7F, 0x80, 0xFF])))
        block[draw(st.integers(0, len(block) - 1))] = value
    end = draw(st.one_of(st.just(len(block)), st.integers(1, len(block))))
    return WHOLE | {name: bytes(block[:end]) * draw(st.sampled_from([1, 1, 1, 2]))}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=mutated(), make=st.sampled_from([jpeg, png, tiff]), suffix=st.sampled_from(WRITABLE_SUFFIXES))
def test_changed_metadata_ends_as_a_picture_or_in_one_line(tmp_path, blocks, make, suffix):
    source, target = tmp_path / "in", tmp_path / f"out{suffix}"
    source.write_bytes(make(blocks))
    try:
        picture = read_picture(source, max_pixels=1 << 20)
    except ImageError as error:
        assert str(error).startswith(f"{source}: ") and "\n" not in str(error)
        return
    assert all("\n" not in phrase for phrase in losses(target, picture))
    write_picture(target, picture, overwrite=True)
    assert read_picture(target).pixels.shape[:2] == picture.pixels.shape[:2]


def test_whole_metadata_is_read(tmp_path):
    for make in (jpeg, png, tiff):
        (tmp_path / "in").write_bytes(make(WHOLE))
        metadata = read_picture(tmp_path / "in").metadata
        assert b"Camera" in metadata.exif and metadata.iptc and metadata.xmp, make


def test_exif_that_cannot_be_written_is_left_out_of_a_tiff_and_counted(tmp_path):
    block = EXIF.replace(b"Camera", b"\xff" * 6)  # the make, and one tag of a type that its value is not of
    place = block.index(struct.pack(">HH", ExifTags.Base.ISOSpeedRatings, 3))
    block = block[: place + 2] + struct.pack(">HI", 12, 1) + bytes(2) + b"\xff\xff" + block[place + 12 :]
    (tmp_path / "in.jpg").write_bytes(jpeg(WHOLE | {"exif": block}))
    picture = read_picture(tmp_path / "in.jpg")
    write_picture(tmp_path / "out.tif", picture)
    with Image.open(tmp_path / "out.tif") as file:
        assert file.getexif().get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    broken = WHOLE | {"exif": b"MM\0*" + struct.pack(">IH", 8, 60_000)}
    (tmp_path / "in.jpg").write_bytes(jpeg(broken))
    assert "EXIF is left out" in losses("a.tif", read_picture(tmp_path / "in.jpg"))


# Bounds


def refused(path: Path, data: bytes, reason: str) -> None:
    path.write_bytes(data)
    with pytest.raises(ImageError, match=reason) as error:
        read_picture(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_too_many_pieces_are_refused(tmp_path):
    whole = jpeg(WHOLE)
    refused(tmp_path / "a", whole[:2] + segment(0xFE, b"") * limits.PIECES + whole[2:], "segments")
    whole = png(WHOLE)
    refused(tmp_path / "a", whole[:33] + chunk(b"teSt", b"") * (limits.PIECES + 1) + whole[33:], "chunks")
    for format in ("JPEG2000", "AVIF"):
        file = io.BytesIO()
        Image.new("RGB", SIZE).save(file, format)
        refused(tmp_path / "a", file.getvalue() + b"\0\0\0\x08free" * (limits.PIECES + 1), "boxes")


def test_too_much_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "METADATA_BYTES", 10_000)
    whole = png(WHOLE)
    refused(tmp_path / "a", whole[:33] + chunk(b"tEXt", b"a\0" + b"x" * 10_000) + whole[33:], "chunks|text")
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(20_000)))
    refused(tmp_path / "a", whole[:33] + bomb + whole[33:], "text")
    (tmp_path / "a").write_bytes(jpeg(WHOLE) + b"x" * 20_000)
    picture = read_picture(tmp_path / "a")
    assert any(note.startswith("what lies behind the picture is left out") for note in picture.notes)
    assert picture.metadata.attached == () and b"MotionPhoto" not in picture.metadata.xmp


def test_tags_that_claim_more_than_the_file_has_are_refused(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", SIZE).save(file, "TIFF", tiffinfo={65000: b"x" * 900})
    data = bytearray(file.getvalue())
    directories = Directories(bytes(data))
    [entry] = [e for e in directories.at(directories.first).entries if e.tag == 65000]
    struct.pack_into(directories.order + "I", data, entry.place - 4, 5_000)
    refused(tmp_path / "a", bytes(data), "more bytes than the file has")
    struct.pack_into(directories.order + "H", data, directories.first, 5_000)
    refused(tmp_path / "a", bytes(data), "tags|nothing at offset")


@pytest.mark.parametrize("count", [3, 30_000])
def test_the_pages_of_a_tiff_are_counted_without_going_through_pillow(tmp_path, monkeypatch, count):
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "n_frames", property(lambda self: pytest.fail("quadratic")))
    file = io.BytesIO()
    Image.new("RGB", SIZE).save(file, "TIFF")
    data = bytearray(file.getvalue())
    directories = Directories(bytes(data))
    first = directories.at(directories.first)
    struct.pack_into(directories.order + "I", data, first.next_place, len(data))
    page = struct.pack(directories.order + "HHHII", 1, 254, 4, 1, 0)
    for number in range(1, count):
        following = len(data) + len(page) + 4 if number < count - 1 else 0
        data += page + struct.pack(directories.order + "I", following)
    (tmp_path / "a.tif").write_bytes(data)
    assert read_picture(tmp_path / "a.tif").frames == count


def test_directories_in_a_circle_are_counted_once(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", SIZE).save(file, "TIFF")
    data = bytearray(file.getvalue())
    directories = Directories(bytes(data))
    first = directories.at(directories.first)
    struct.pack_into(directories.order + "I", data, first.next_place, directories.first)
    (tmp_path / "a.tif").write_bytes(data)
    assert read_picture(tmp_path / "a.tif").frames == 1


def test_many_tags_of_the_same_bytes_take_no_memory(tmp_path):
    """A block of 60 kB whose 2,000 tags are 50 kB each, all the same."""
    tags = b"".join(struct.pack(">HHII", 40_091 if n == 0 else 50_000 + n, 7, 50_000, 10_000) for n in range(2_000))
    block = b"MM\0*" + struct.pack(">IH", 8, 2_000) + tags + bytes(36_000)
    (tmp_path / "a.jpg").write_bytes(jpeg(WHOLE | {"exif": block}))
    tracemalloc.start()
    picture = read_picture(tmp_path / "a.jpg")
    assert "EXIF is left out" in losses("a.tif", picture)
    write_picture(tmp_path / "a.tif", picture)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
