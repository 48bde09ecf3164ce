"""What lies behind a JPEG's picture: carried over so that it is found again, or left out with every claim of it."""

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from artifix.image import losses, read_picture, write_picture
from artifix.image.segments import segment

SIZE = (64, 48)
VIDEO = struct.pack(">I", 24) + b"ftypmp42" + bytes(8) + b"mp42" + b"moov" * 300
CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
HDR = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
CONTAINER = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
ISO = b"urn:iso:std:iso:ts:21496:-1\0"


def coded(seed: int, size=SIZE, **options) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(noise).resize(size).save(file, "JPEG", quality=80, **options)
    return file.getvalue()


def xmp(attributes: str, items: list[tuple[str, str, int]] = ()) -> bytes:
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="{mime}" Item:Semantic="{semantic}" '
        f'Item:Length="{length}" Item:Padding="0"/></rdf:li>'
        for mime, semantic, length in items
    )
    directory = f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>" if items else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="kept" {attributes}>{directory}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def motion_photo() -> bytes:
    claims = (
        f'{CAMERA} {CONTAINER} GCamera:MotionPhoto="1" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(VIDEO)}"'
    )
    items = [("image/jpeg", "Primary", 0), ("video/mp4", "MotionPhoto", len(VIDEO))]
    return coded(0, xmp=xmp(claims, items)) + VIDEO


def indexed(pictures: list[bytes], kinds: list[int], order: str = ">", behind: bytes = b"", **options) -> bytes:
    """A multi-picture file: a picture with the index of these others, which follow it."""
    count = len(pictures) + 1
    index = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(order + "IH", 8, 3)
    index += struct.pack(order + "HHI", 0xB000, 7, 4) + b"0100"
    index += struct.pack(order + "HHII", 0xB001, 4, 1, count)
    index += struct.pack(order + "HHIII", 0xB002, 7, 16 * count, 50, 0)
    blank = segment(0xE2, b"MPF\0" + index + bytes(16 * count))
    extra = options.pop("extra", b"")
    length = len(coded(0, extra=blank + extra, **options))
    start = coded(0, extra=blank + extra, **options).index(b"MPF\0") + 4
    entries, offset = struct.pack(order + "IIIHH", 0x030000, length, 0, 0, 0), length - start
    for picture, kind in zip(pictures, kinds, strict=True):
        entries += struct.pack(order + "IIIHH", kind, len(picture), offset, 0, 0)
        offset += len(picture)
    first = coded(0, extra=segment(0xE2, b"MPF\0" + index + entries) + extra, **options)
    assert len(first) == length
    return first + b"".join(pictures) + behind


GAIN_MAP = coded(1, (32, 24), xmp=xmp(f'{HDR} hdrgm:Version="1.0" hdrgm:GainMapMax="2.3"'))


def ultra_hdr(order: str = ">", behind: bytes = b"", **options) -> bytes:
    items = [("image/jpeg", "Primary", 0), ("image/jpeg", "GainMap", len(GAIN_MAP))]
    items += [("video/mp4", "MotionPhoto", len(behind))] if behind else []
    claims = f'{HDR} {CONTAINER} {CAMERA} hdrgm:Version="1.0"' + (' GCamera:MotionPhoto="1"' if behind else "")
    version = segment(0xE2, ISO + bytes(4))
    return indexed([GAIN_MAP], [0], order, behind, xmp=xmp(claims, items), extra=version, **options)


def listed(data: bytes) -> list[bytes]:
    """The pictures that a multi-picture file's index lists, cut out by their places."""
    start = data.index(b"MPF\0") + 4
    order = {b"II": "<", b"MM": ">"}[data[start : start + 2]]
    (count,) = struct.unpack_from(order + "I", data, start + 8 + 2 + 12 + 8)
    size, place = struct.unpack_from(order + "II", data, start + 8 + 2 + 24 + 4)
    assert size == 16 * count
    found = []
    for entry in range(count):
        _, length, offset = struct.unpack_from(order + "III", data, start + place + 16 * entry)
        begin = start + offset if entry else 0
        found.append(data[begin : begin + length])
    return found


@pytest.fixture
def rewritten(tmp_path):
    """rewritten(data, suffix) -> the bytes of the file that these become, and what is said to be lost."""

    def rewrite(data: bytes, suffix: str = ".jpg") -> tuple[bytes, tuple[str, ...]]:
        (tmp_path / "in").write_bytes(data)
        picture = read_picture(tmp_path / "in")
        target = tmp_path / f"out{suffix}"
        write_picture(target, picture)
        said = losses(target, picture)
        again = read_picture(target)
        assert again.pixels.shape == picture.pixels.shape
        return target.read_bytes(), said

    return rewrite


def turned() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return exif.tobytes()


def test_a_motion_photos_video_stays_behind_the_picture(rewritten):
    source = motion_photo()
    written, said = rewritten(source)
    assert written.endswith(b"\xff\xd9" + VIDEO)
    packet = xmp_of(source)
    assert packet in written  # which counts from the file's end, and so stays right
    assert said == ("lossy JPEG, quality 95",)


def xmp_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as file:
        return file.info.get("xmp", b"")


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize(
    ("source", "phrase"),
    [
        (motion_photo, "the video behind the picture is left out"),
        (ultra_hdr, "the HDR gain map is left out"),
    ],
)
def test_elsewhere_it_is_left_out_with_all_that_is_claimed_of_it(rewritten, suffix, source, phrase):
    written, said = rewritten(source(), suffix)
    assert phrase in said
    for claim in (b"MotionPhoto=", b"MicroVideo", b"Container:Directory", b"hdrgm:Version", VIDEO, GAIN_MAP):
        assert claim not in written
    assert b'dc:title="kept"' in written


@pytest.mark.parametrize("element", [False, True])
@pytest.mark.parametrize("prefix", ["GCamera", "g"])
def test_claims_go_however_they_are_written(rewritten, element, prefix):
    name = f"{prefix}:MotionPhoto"
    space = CAMERA.replace("GCamera", prefix)
    packet = xmp(f'{space} {prefix}:Other="stays"' + ("" if element else f" {name}='1'"))
    if element:
        packet = packet.replace(b"</rdf:Description>", f"<{name}>1</{name}></rdf:Description>".encode())
    written, _ = rewritten(coded(0, xmp=packet))  # the video was stripped before
    assert name.encode() not in written
    assert f'{prefix}:Other="stays"'.encode() in written


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_gain_map_stays_and_is_found(rewritten, order):
    source = ultra_hdr(order)
    written, said = rewritten(source)
    first, second = listed(written)
    assert second == GAIN_MAP and first + second == written
    assert first.startswith(b"\xff\xd8") and first.endswith(b"\xff\xd9")
    assert xmp_of(written) == xmp_of(source)
    assert ISO in first
    assert said == ("lossy JPEG, quality 95",)


def test_a_gain_map_and_a_video_stay_together(rewritten):
    written, _ = rewritten(ultra_hdr(behind=VIDEO))
    assert listed(written)[1] == GAIN_MAP
    assert written.endswith(GAIN_MAP + VIDEO)


@pytest.mark.parametrize("behind", [b"", VIDEO])
def test_a_gain_map_does_not_fit_a_turned_picture(rewritten, behind):
    written, said = rewritten(ultra_hdr(behind=behind, exif=turned()))
    assert "the HDR gain map is left out" in said
    assert ("the video behind the picture is left out" in said) == bool(behind)
    for claim in (b"MPF\0", b"hdrgm:Version", b"Container:Directory", b"MotionPhoto=", ISO, GAIN_MAP, VIDEO):
        assert claim not in written


def test_a_video_needs_no_turning(rewritten):
    source = coded(0, exif=turned(), xmp=xmp(f'{CAMERA} GCamera:MotionPhoto="1"')) + VIDEO
    written, said = rewritten(source)
    assert written.endswith(VIDEO) and said == ("lossy JPEG, quality 95",)


def test_the_other_pictures_of_a_stereo_camera_stay(rewritten, tmp_path):
    source = indexed([coded(2)], [0x020002])
    written, said = rewritten(source)
    assert listed(written)[1] == coded(2)
    assert said == ("lossy JPEG, quality 95",)
    assert read_picture(tmp_path / "in").frames == 2  # which a restoration notes
    _, said = rewritten(source, ".png")
    assert "the other pictures are left out" in said


def test_a_preview_would_show_the_old_picture(rewritten, tmp_path):
    written, said = rewritten(indexed([coded(2), coded(3)], [0x010001, 0x020002]))
    assert "the preview behind the picture is left out" in said
    assert listed(written)[1:] == [coded(3)]
    assert coded(2) not in written
    (tmp_path / "in").write_bytes(indexed([coded(2)], [0x010001]))
    assert read_picture(tmp_path / "in").frames == 1


@pytest.mark.parametrize("behind", [bytes(500), b""])
def test_padding_is_no_loss(rewritten, behind):
    written, said = rewritten(coded(0) + behind)
    assert said == ("lossy JPEG, quality 95",)
    assert written.endswith(b"\xff\xd9")


def test_anything_else_behind_a_picture_stays_or_is_named(rewritten):
    written, said = rewritten(coded(0) + b"SEFH and a trailer")
    assert written.endswith(b"\xff\xd9SEFH and a trailer") and said == ("lossy JPEG, quality 95",)
    assert "data behind the picture is left out" in rewritten(coded(0) + b"SEFH and a trailer", ".png")[1]


@pytest.mark.parametrize("seed", range(40))
def test_a_broken_index_ends_no_picture(rewritten, seed):
    chance = np.random.default_rng(seed)
    source = bytearray(ultra_hdr())
    start = source.index(b"MPF\0") + 4
    for _ in range(chance.integers(1, 6)):
        source[start + chance.integers(0, 82)] = chance.integers(0, 256)
    written, _ = rewritten(bytes(source))
    if b"MPF\0" in written:
        assert sum(map(len, listed(written))) <= len(written)
