"""Files of rare kinds, made here byte by byte or by another library: the very pixels, or one line that says why."""

import struct
import zlib

import numpy as np
import pytest
import tifffile

from artifix.errors import ImageError
from artifix.image import read_picture, to_rgb

HEIGHT, WIDTH = 13, 18
RNG = np.random.default_rng(24)
COLOUR = RNG.integers(0, 256, (HEIGHT, WIDTH, 4)).astype(np.uint8)
DEEP = RNG.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}


def chunk(kind, content) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed(samples, bits) -> bytes:
    """Rows of samples (h, w, C), each behind the filter's 0."""
    if bits == 16:
        lines = samples.astype(">u2").reshape(len(samples), -1).view(np.uint8)
    else:
        flat = samples.reshape(len(samples), -1)
        each = np.unpackbits(flat.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :]
        lines = np.packbits(each.reshape(len(flat), -1), axis=1)
    return np.pad(lines, ((0, 0), (1, 0))).tobytes()


def png(samples, bits, kind, *, interlaced=False, beside=b"") -> bytes:
    height, width = samples.shape[:2]
    passes = [samples[top::down, left::across] for left, top, across, down in ADAM7] if interlaced else [samples]
    data = b"".join(packed(piece, bits) for piece in passes if piece.size)
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + beside + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def samples_of(bits, kind):
    values = DEEP if bits == 16 else COLOUR >> (8 - bits)
    return values[..., : CHANNELS[kind]]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(
    ("bits", "kind"),
    [(bits, GREY) for bits in (1, 2, 4, 8, 16)]
    + [(bits, PALETTE) for bits in (1, 2, 4, 8)]
    + [(bits, kind) for bits in (8, 16) for kind in (RGB, GREY_ALPHA, RGBA)],
)
def test_every_kind_of_png_has_its_very_pixels(tmp_path, bits, kind, clear, interlaced):
    samples, beside, alpha = samples_of(bits, kind), b"", None
    most = 65535 if bits == 16 else 255
    colours = (samples.astype(int) * most // ((1 << bits) - 1)).astype(np.uint16 if bits == 16 else np.uint8)
    if kind == PALETTE:
        palette = RNG.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
        palette[0] = 1, 2, 3  # not grey
        opacities = RNG.integers(0, 256, 1 << bits).astype(np.uint8)
        beside, colours = chunk(b"PLTE", palette.tobytes()), palette[samples[..., 0]]
        if clear:
            beside, alpha = beside + chunk(b"tRNS", opacities.tobytes()), opacities[samples[..., 0]]
    elif kind in (GREY_ALPHA, RGBA):
        colours, alpha = colours[..., :-1], colours[..., -1]
    elif clear:  # one colour is
        chosen = samples[3, 4]
        beside = chunk(b"tRNS", chosen.astype(">u2").tobytes())
        alpha = np.where((samples == chosen).all(axis=2), 0, most)
    (tmp_path / "a.png").write_bytes(png(samples, bits, kind, interlaced=interlaced, beside=beside))
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, colours.squeeze())
    if alpha is None:
        assert picture.alpha is None
    else:
        np.testing.assert_array_equal(picture.alpha, alpha)


LAYOUTS = {
    "tiles": {"tile": (16, 16)},
    "packed tiles": {"tile": (16, 16), "compression": "zlib", "predictor": True},
    "strips": {"rowsperstrip": 3},
    "big endian": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True},
    "BigTIFF tiles": {"bigtiff": True, "tile": (16, 16)},
}


@pytest.mark.parametrize("values", [COLOUR, DEEP], ids=["8", "16"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_of_a_tiff_has_its_very_pixels(tmp_path, layout, channels, values):
    kind = {"photometric": "minisblack" if channels == 1 else "rgb"}
    kind |= {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    given = np.ascontiguousarray(values[..., :channels]).squeeze()
    tifffile.imwrite(tmp_path / "a.tif", given, **kind, **LAYOUTS[layout])
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, given[..., :3] if channels == 4 else given)
    assert (picture.alpha is None) == (channels < 4)
    if channels == 4:
        np.testing.assert_array_equal(picture.alpha, given[..., 3])


@pytest.mark.parametrize("layout", [{}, {"tile": (16, 16)}])
def test_separate_planes_are_one_picture(tmp_path, layout):
    planes = np.moveaxis(COLOUR[..., :3], 2, 0)
    tifffile.imwrite(tmp_path / "a.tif", planes, planarconfig="separate", photometric="rgb", **layout)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, COLOUR[..., :3])


def floating(values):
    return (values / 255).astype(np.float32)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        (floating(COLOUR[..., :3]), {"photometric": "rgb"}, "3 channels of 32-bit floating-point samples"),
        (COLOUR[..., 0].astype(np.float64), {}, "1 channel of 64-bit floating-point samples"),
        (COLOUR[..., 0].astype(np.float16), {}, "1 channel of 16-bit floating-point samples"),
        (COLOUR[..., 0].view(np.int8), {}, "a TIFF of signed samples is not supported"),
        (COLOUR[..., 0], {"bigtiff": True, "byteorder": ">"}, "a big-endian BigTIFF"),
        (COLOUR[..., [0, 1, 2, 3, 0]], {"photometric": "separated", "extrasamples": [2]}, "5 channels of 8-bit"),
    ],
)
def test_a_tiff_that_is_not_read_is_called_what_it_is(tmp_path, values, options, said):
    tifffile.imwrite(tmp_path / "a.tif", values, **options)
    with pytest.raises(ImageError, match=said) as error:
        read_picture(tmp_path / "a.tif")
    assert str(error.value).startswith(f"{tmp_path / 'a.tif'}: ") and "\n" not in str(error.value)


def test_what_of_a_tiff_is_not_kept_is_said(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", COLOUR[..., [0, 1, 2, 3, 0]], photometric="rgb", extrasamples=[0, 0])
    assert read_picture(tmp_path / "a.tif").notes == ("2 further channels are left out",)
    tifffile.imwrite(tmp_path / "b.tif", DEEP, photometric="separated")
    picture = read_picture(tmp_path / "b.tif", cmyk=True)
    assert picture.notes == ("16 bits become 8",)
    np.testing.assert_array_equal(np.dstack([255 - picture.pixels, 255 - picture.black]), DEEP >> 8)


def bmp(height, bits, compression, data, between=b"") -> bytes:
    start = 54 + len(between)
    head = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + between + data


def test_every_kind_of_bmp_has_its_very_pixels(tmp_path):
    rgb, grey = COLOUR[..., :3], COLOUR[..., 0]
    padding = -3 * WIDTH % 4
    rows = np.pad(rgb[..., ::-1].reshape(HEIGHT, -1), ((0, 0), (0, padding)))
    red, green, blue = (rgb[..., n].astype(np.uint16) >> 3 for n in range(3))
    green = rgb[..., 1].astype(np.uint16) >> 2
    words = (red << 11 | green << 5 | blue).astype("<u2")[::-1]
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    greys[:, 3] = 0
    runs = b"".join(b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in grey[::-1]) + b"\0\1"
    fine = np.dstack([red * 255 // 31, green * 255 // 63, blue * 255 // 31])
    for name, data, expected in (
        ("upright", bmp(-HEIGHT, 24, 0, rows.tobytes()), rgb),
        ("runs", bmp(HEIGHT, 8, 1, runs, greys.tobytes()), grey),
        ("565", bmp(HEIGHT, 16, 3, words.tobytes(), struct.pack("<III", 0xF800, 0x7E0, 0x1F)), fine),
    ):
        path = tmp_path / f"{name}.bmp"
        path.write_bytes(data)
        np.testing.assert_allclose(to_rgb(read_picture(path)), expected, atol=1 if name == "565" else 0)
