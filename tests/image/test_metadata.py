"""What lies beside the pixels reaches the output, or a note says that it does not."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from artifix.image import Metadata, Picture, Text, losses, read_picture, write_picture
from artifix.image.metadata import Segment
from artifix.image.segments import segment

SIZE = (24, 16)  # width, height
IIM = b"\x1c\x02\x78\x00\x07caption\x1c\x02\x19\x00\x05beach\x1c\x02\x74\x00\x06(c) me"
GREY = Picture(np.zeros((16, 24), np.uint8), "L")


def resource(number: int, content: bytes) -> bytes:
    return struct.pack(">4sHHI", b"8BIM", number, 0, len(content)) + content + b"\0" * (len(content) % 2)


IPTC = resource(0x0404, IIM) + resource(0x040A, b"\1")
PHOTOSHOP = IPTC + resource(0x040C, b"a thumbnail of the old picture")


def jpeg(*segments: bytes, **options) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert("RGB").save(file, "JPEG", extra=b"".join(segments), **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(SIZE).convert(mode).save(file, "PNG", **options)
    return file.getvalue()[:33] + b"".join(chunks) + file.getvalue()[33:]


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    found, position = {}, 8
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        found[kind] = data[position + 8 : position + 8 + length]
        position += 12 + length
    return found


def opened(path) -> Image.Image:
    return Image.open(io.BytesIO(path.read_bytes()))


@pytest.fixture
def converted(tmp_path):
    """converted(data, suffix, ...) -> the picture of these bytes, its losses in that format, and the file written."""

    def convert(data: bytes, suffix: str):
        (tmp_path / "in").write_bytes(data)
        picture = read_picture(tmp_path / "in")
        target = tmp_path / f"out{suffix}"
        write_picture(target, picture, overwrite=True)
        return picture, losses(target, picture), target

    return convert


# IPTC and comments


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_iptc_is_carried_over(converted, suffix):
    _, said, target = converted(jpeg(segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP)), suffix)
    assert read_picture(target).metadata.iptc == IPTC  # but for the thumbnail
    assert not any("IPTC" in phrase for phrase in said)
    assert b"a thumbnail" not in target.read_bytes()


def test_a_jpeg_2000_holds_iptcs_records_alone(converted):
    _, _, target = converted(jpeg(segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP)), ".jp2")
    assert read_picture(target).metadata.iptc == resource(0x0404, IIM)


@pytest.mark.parametrize("suffix", [".webp", ".avif", ".bmp"])
def test_where_iptc_has_no_place_that_is_said(converted, suffix):
    _, said, _ = converted(jpeg(segment(0xED, b"Photoshop 3.0\0" + PHOTOSHOP)), suffix)
    assert "IPTC is left out" in said


def test_resources_may_go_on_in_a_further_segment(converted):
    long = resource(0x0404, IIM * 3_000)
    pieces = [long[:60_000], long[60_000:]]
    source = jpeg(*(segment(0xED, b"Photoshop 3.0\0" + piece) for piece in pieces))
    picture, _, target = converted(source, ".jpg")
    assert picture.metadata.iptc == read_picture(target).metadata.iptc == long


@pytest.mark.parametrize("tag", [34377, 33723])
@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_a_tiff_has_iptc_in_either_of_two_tags(converted, tag, suffix):
    file = io.BytesIO()
    Image.new("RGB", SIZE).save(file, "TIFF", tiffinfo={tag: PHOTOSHOP if tag == 34377 else IIM})
    _, _, target = converted(file.getvalue(), suffix)
    assert IIM in (read_picture(target).metadata.iptc or b"")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(comments=st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=3))
def test_every_comment_of_a_jpeg_is_carried_over_byte_for_byte(converted, comments):
    _, said, target = converted(jpeg(*(segment(0xFE, comment) for comment in comments)), ".jpg")
    assert [content for name, content in opened(target).applist if name == "COM"] == comments
    assert said == ("lossy JPEG, quality 95",)
    _, said, target = converted(target.read_bytes(), ".png")
    assert len([text for text in read_picture(target).metadata.texts if text.keyword == "Comment"]) == len(comments)
    assert said == ()


def test_a_gifs_comment_becomes_a_text(converted):
    file = io.BytesIO()
    Image.new("L", SIZE).save(file, "GIF", comment=b"made by hand")
    _, said, target = converted(file.getvalue(), ".png")
    assert read_picture(target).metadata.texts == (Text("Comment", "made by hand"),)
    assert said == ()


# PNG's texts


TEXTS = [
    (chunk(b"tEXt", b"parameters\0steps: 20, seed: 42"), Text("parameters", "steps: 20, seed: 42")),
    (chunk(b"tEXt", b"Title\0\xfcber"), Text("Title", "über")),
    (chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"{}" * 5000)), Text("workflow", "{}" * 5000)),
    (chunk(b"iTXt", "Title\0\0\0el\0Τίτλος\0Κρήτη".encode()), Text("Title", "Κρήτη", "el", "Τίτλος")),
    (chunk(b"iTXt", b"Note\0\1\0\0\0" + zlib.compress("ø→".encode())), Text("Note", "ø→")),
    (chunk(b"iTXt", b"Note\0\0\0\0\0\xff\xfe"), Text("Note", "\udcff\udcfe")),
]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "I;16"])
@pytest.mark.parametrize(("written", "text"), TEXTS)
def test_a_text_goes_from_png_to_png(converted, mode, written, text):
    picture, said, target = converted(png(written, mode=mode), ".png")
    assert picture.metadata.texts == (text,)
    [again] = read_picture(target).metadata.texts
    assert again == (text if "\udcff" not in text.value else Text("Note", "ÿþ"))  # bytes that are no text: Latin-1
    assert said == ()


def test_texts_of_one_keyword_stay_apart_and_in_order(converted):
    texts = [chunk(b"tEXt", b"Comment\0" + word) for word in (b"one", b"two", b"three")]
    _, _, target = converted(png(*texts), ".png")
    assert [text.value for text in read_picture(target).metadata.texts] == ["one", "two", "three"]


def test_in_a_jpeg_texts_become_comments_and_elsewhere_they_are_named(converted):
    source = png(TEXTS[0][0], TEXTS[1][0])
    _, said, target = converted(source, ".jpg")
    assert [c for n, c in opened(target).applist if n == "COM"] == [
        b"parameters: steps: 20, seed: 42",
        "Title: über".encode(),
    ]
    assert not any("text" in phrase for phrase in said)
    _, said, _ = converted(source, ".webp")
    assert "the texts parameters and Title are left out" in said
    assert "the text Title is left out" in converted(png(TEXTS[1][0]), ".tif")[1]


def test_a_text_too_long_for_a_jpeg_is_named(converted):
    _, said, target = converted(png(chunk(b"tEXt", b"workflow\0" + b"x" * 70_000)), ".jpg")
    assert "the text workflow is left out" in said
    assert read_picture(target).metadata.texts == ()


# Colours that are said by numbers


GAMMA = chunk(b"gAMA", struct.pack(">I", 100_000))
PRIMARIES = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))  # Display P3
PQ = chunk(b"cICP", bytes([9, 16, 0, 1]))
P3 = chunk(b"cICP", bytes([12, 13, 0, 1]))


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_a_pngs_colour_chunks_stay(converted, mode):
    chunks = [GAMMA, PRIMARIES, PQ, chunk(b"mDCV", bytes(24)), chunk(b"cLLI", bytes(8)), chunk(b"teSt", b"copy me")]
    source = png(*chunks, mode=mode)
    _, said, target = converted(source, ".png")
    before, after = chunks_of(source), chunks_of(target.read_bytes())
    for kind in (b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI", b"teSt"):
        assert after[kind] == before[kind]
    assert said == ()


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".webp", ".avif", ".jp2"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_elsewhere_a_gamma_becomes_a_profile_that_shows_the_same_colours(converted, suffix, mode):
    _, said, target = converted(png(GAMMA, mode=mode), suffix)
    assert not any("gamma" in phrase or "profile" in phrase for phrase in said)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(read_picture(target).metadata.icc))
    space = "L" if mode == "L" and suffix != ".webp" else "RGB"
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), space, "RGB")
    ramp = np.linspace(0, 255, 256).astype(np.uint8)[None]
    image = Image.fromarray(ramp if space == "L" else np.dstack([ramp] * 3))
    shown = np.asarray(ImageCms.applyTransform(image, transform)).astype(float)[0]
    light = ramp[0] / 255.0
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    darkest = 24 if space == "L" else 0  # LittleCMS goes from grey through a table that is coarse there
    np.testing.assert_allclose(shown[darkest:], expected[darkest:, None].repeat(3, axis=1), atol=2)


# Display P3 (200, 60, 60) in sRGB by the matrices of CSS Color 4, with sRGB's curve and with a gamma of 1 / 0.45.
@pytest.mark.parametrize(
    ("chunks", "shown"),
    [((P3,), (217, 42, 52)), ((chunk(b"gAMA", struct.pack(">I", 45_000)), PRIMARIES), (219, 36, 48))],
)
def test_elsewhere_primaries_become_a_profile(converted, chunks, shown):
    _, said, target = converted(png(*chunks), ".jpg")
    assert said == ("lossy JPEG, quality 95",)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(read_picture(target).metadata.icc))
    transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB", renderingIntent=1)
    red, white = (ImageCms.applyTransform(Image.new("RGB", (1, 1), c), transform) for c in ((200, 60, 60), "white"))
    np.testing.assert_allclose(red.getpixel((0, 0)), shown, atol=2)
    assert white.getpixel((0, 0)) == (255, 255, 255)


def test_colours_that_no_profile_can_express_are_named(converted):
    assert "the colour space (cICP 9/16/0/1) is left out" in converted(png(PQ), ".jpg")[1]
    assert "the gamma (gAMA) is left out" in converted(png(GAMMA), ".bmp")[1]


@pytest.mark.parametrize(
    "chunks", [(chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 45_455))), (chunk(b"cICP", b"\1\x0d\0\1"),)]
)
def test_srgb_needs_no_words(converted, chunks):
    _, said, target = converted(png(*chunks), ".bmp")
    assert said == ()
    _, said, target = converted(png(*chunks), ".tif")
    assert said == () and read_picture(target).metadata.icc is None


def test_chunks_that_may_not_be_copied_are_named(converted):
    _, said, target = converted(png(chunk(b"caBX", b"c2pa"), chunk(b"vpAG", b"?"), chunk(b"tIME", bytes(7))), ".png")
    assert set(said) == {"the content credentials are left out", "the chunk vpAG is left out"}
    assert not {b"caBX", b"vpAG"} & chunks_of(target.read_bytes()).keys()
    assert "the chunk vpAg is left out" in converted(png(chunk(b"vpAg", b"?")), ".tif")[1]


# The shape of pixels


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("source", ["jpeg", "png"])
def test_pixels_that_are_not_square_stay_so(converted, suffix, source):
    if source == "png":
        data = png(chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0)))
    else:
        data = bytearray(jpeg())
        data[13:18] = struct.pack(">BHH", 0, 2, 1)
    picture, said, target = converted(bytes(data), suffix)
    assert picture.metadata.density == read_picture(target).metadata.density == (2, 1)
    assert not any("square" in phrase for phrase in said)
    if suffix == ".jpg":
        assert opened(target).info["jfif_density"] == (2, 1)


def test_where_they_have_no_place_that_is_said(converted):
    _, said, _ = converted(png(chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0))), ".webp")
    assert "the shape of pixels that are not square is left out" in said


# EXIF's thumbnail, extended XMP, other segments, CMYK


def test_no_thumbnail_shows_the_old_picture(converted):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    thumbnail = jpeg(quality=30)
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}[block[:2]]
    end = block.rindex(bytes(4), 0, 8 + 2 + 12 + 4)  # the first directory's offset of the next one
    directory = struct.pack(order + "HHHIIHHIII", 2, 513, 4, 1, len(block) + 30, 514, 4, 1, len(thumbnail), 0)
    block = block[:end] + struct.pack(order + "I", len(block)) + block[end + 4 :] + directory + thumbnail
    picture, said, target = converted(jpeg(exif=b"Exif\0\0" + block), ".jpg")
    assert "the EXIF thumbnail is left out" in said
    assert thumbnail not in target.read_bytes()
    again = opened(target).getexif()
    assert again[ExifTags.Base.Make] == "Camera" and again.get_ifd(ExifTags.IFD.IFD1) == {}
    assert len(picture.metadata.exif) == len(block) - len(thumbnail)


def extended_xmp(packet: bytes, piece: int = 60_000) -> tuple[bytes, list[bytes]]:
    digest = b"0123456789ABCDEF" * 2
    main = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
        b'xmpNote:HasExtendedXMP="' + digest + b'" a="b"/></x:xmpmeta>'
    )
    segments = [
        b"http://ns.adobe.com/xmp/extension/\0" + digest + struct.pack(">II", len(packet), at) + packet[at : at + piece]
        for at in range(0, len(packet), piece)
    ]
    return main, segments


def test_extended_xmp_goes_from_jpeg_to_jpeg(converted):
    packet = np.random.default_rng(0).bytes(150_000)
    main, segments = extended_xmp(packet)
    picture, said, target = converted(jpeg(*(segment(0xE1, s) for s in reversed(segments)), xmp=main), ".jpg")
    assert picture.metadata.extended_xmp == packet
    again = read_picture(target).metadata
    assert (again.xmp, again.extended_xmp) == (main, packet)
    assert said == ("lossy JPEG, quality 95",)


def test_elsewhere_extended_xmp_is_named_and_no_longer_claimed(converted):
    main, segments = extended_xmp(b"depth" * 100)
    source = jpeg(*(segment(0xE1, s) for s in segments), xmp=main)
    _, said, target = converted(source, ".png")
    assert "extended XMP is left out" in said
    claim = b' xmpNote:HasExtendedXMP="' + b"0123456789ABCDEF" * 2 + b'"'
    assert claim in main and read_picture(target).metadata.xmp == main.replace(claim, b"")
    main, segments = extended_xmp(b"depth" * 20_000)
    _, said, _ = converted(jpeg(segment(0xE1, segments[0]), xmp=main), ".jpg")  # one piece of two
    assert "extended XMP is left out" in said


def test_segments_without_a_meaning_here_go_from_jpeg_to_jpeg(converted):
    source = jpeg(segment(0xE3, b"META\0thermal"), segment(0xE1, b"FLIR\0thermal"), segment(0xE6, b"GoPro\0"))
    picture, said, target = converted(source, ".jpg")
    assert read_picture(target).metadata.segments == picture.metadata.segments
    assert picture.metadata.segments == (
        Segment(0xE3, b"META\0thermal"),
        Segment(0xE1, b"FLIR\0thermal"),
        Segment(0xE6, b"GoPro\0"),
    )
    assert said == ("lossy JPEG, quality 95",)
    assert "the segments APP3, APP1 and APP6 are left out" in converted(source, ".png")[1]


def test_content_credentials_no_longer_hold(converted):
    _, said, target = converted(jpeg(segment(0xEB, b"JP\0\1\0\0\0\1\0\0\0\x20jumb...c2pa")), ".jpg")
    assert "the content credentials are left out" in said
    assert b"c2pa" not in target.read_bytes()


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize("profile", [False, True])
def test_cmyk_becomes_rgb_and_that_is_said(converted, format, profile):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    options = {"icc_profile": srgb[:16] + b"CMYK" + srgb[20:]} if profile else {}
    Image.new("CMYK", SIZE, (10, 20, 30, 40)).save(file, format, **options)
    _, said, target = converted(file.getvalue(), ".png")
    assert "CMYK becomes sRGB" in said
    assert ("the colour profile is left out" in said) == profile
    assert read_picture(target).space == "RGB"


def test_tiff_tags_without_a_meaning_here_are_named_and_geotiffs_stay(converted):
    file = io.BytesIO()
    info = {33550: (10.0, 10.0, 0.0), 34737: "WGS 84|", 65000: "mine", 37724: b"layers"}
    Image.new("RGB", SIZE).save(file, "TIFF", tiffinfo=info)
    _, said, target = converted(file.getvalue(), ".tif")
    assert set(said) == {"Photoshop's layers are left out", "TIFF tag 65000 is left out"}
    again = opened(target).tag_v2
    assert tuple(again[33550]) == (10.0, 10.0, 0.0) and again[34737] == "WGS 84|"


def test_what_is_not_there_is_not_missed(tmp_path):
    for suffix in (".png", ".tif", ".webp", ".jp2", ".bmp"):
        assert losses(tmp_path / f"a{suffix}", GREY) == ()
    noted = replace(GREY, notes=("CMYK becomes sRGB",), metadata=Metadata(xmp=b"<x/>"))
    assert losses(tmp_path / "a.bmp", noted) == ("CMYK becomes sRGB", "XMP is left out")
