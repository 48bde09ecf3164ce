"""Small whole files of every format that is read, and what a stranger may make of them."""

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms

from artifix.image import extras

WIDTH, HEIGHT = 83, 61  # of the seeds: unusual, so that headers can be found by their values
EXTREMES: Final = (0, 1, 2, 255, 1000, 16383, 40000, 65535, 2**24 - 1, 2**31 - 1, 2**32 - 1)


def seeds() -> dict[str, bytes]:
    """Small whole files of every format that is read, by file name."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rgb = np.stack((x * 3, y * 4, (x * y) % 256), axis=2).astype(np.uint8)
    colour = Image.fromarray(rgb)
    grey, alpha = colour.convert("L"), Image.fromarray(rgb).convert("RGBA")
    alpha.putalpha(grey)
    deep = Image.fromarray((x * 700 + y).astype(np.uint16))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a picture"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pictures: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "baseline.jpg": (colour, {"quality": 60}),
        "progressive.jpg": (colour, {"quality": 60, "progressive": True}),
        "full.jpg": (colour, {"quality": 80, "subsampling": 0}),
        "grey.jpg": (grey, {}),
        "cmyk.jpg": (colour.convert("CMYK"), {}),
        "exif.jpg": (colour, {"exif": exif, "icc_profile": icc}),
        "colour.png": (colour, {"exif": exif, "icc_profile": icc}),
        "alpha.png": (alpha, {}),
        "palette.png": (colour.quantize(16), {"transparency": 3}),
        "deep.png": (deep, {}),
        "lossy.webp": (alpha, {"quality": 50, "exif": exif}),
        "lossless.webp": (colour, {"lossless": True}),
        "plain.tif": (colour, {"icc_profile": icc}),
        "lzw.tif": (alpha, {"compression": "tiff_lzw"}),
        "deflate.tif": (deep, {"compression": "tiff_adobe_deflate"}),
        "colour.avif": (colour, {"exif": exif}),
        "colour.jp2": (colour, {}),
        "palette.gif": (colour.quantize(32), {}),
        "colour.bmp": (colour, {}),
    }
    files = {name: _encoded(name, *picture) for name, picture in pictures.items()}
    for name in ("moving.gif", "moving.png", "moving.webp", "pages.tif"):
        files[name] = _encoded(
            name, colour.copy(), {"save_all": True, "append_images": [colour.rotate(180), grey.copy()]}
        )
    for format, name in (("HEIF", "colour.heic"), ("JXL", "colour.jxl")):
        if extras.register(format) is None:
            files[name] = _encoded(name, colour, {})
    return files | _with_much_beside(files)


def _with_much_beside(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files with all that may lie beside a picture: IPTC, comments, texts, colours by numbers, a video, a gain map."""
    iptc = b"Photoshop 3.0\08BIM\4\4\0\0\0\0\0\x0c\x1c\x02\x78\0\7caption"
    claims = (
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><r xmlns:g="http://ns.google.com/photos/1.0/'
        b'camera/" g:MotionPhoto="1" xmlns:n="http://ns.adobe.com/xmp/note/" n:HasExtendedXMP="' + b"0" * 32 + b'"/>'
    )
    extended = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 4, 0) + b"more"
    index = b"MM\0*" + struct.pack(">IHHHIIHHIII", 8, 2, 0xB001, 4, 1, 2, 0xB002, 7, 32, 38, 0)
    index += struct.pack(">IIIHHIIIHH", 0x30000, 900, 0, 0, 0, 0, 300, 1500, 0, 0)
    segments = ((0xED, iptc), (0xFE, b"a comment"), (0xE1, claims), (0xE1, extended), (0xE2, b"MPF\0" + index))
    head = b"".join(struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body for marker, body in segments)
    whole, png = files["exif.jpg"], files["colour.png"]
    chunks = (
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)),
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"tEXt", b"Title\0words"),
        (b"zTXt", b"Comment\0\0" + zlib.compress(b"words" * 99)),
        (b"iTXt", b"Title\0\0\0en\0Titel\0words"),
    )
    return {
        "beside.jpg": whole[:2] + head + whole[2:] + files["grey.jpg"] + b"\0\0\0\x18ftypmp42" + bytes(500),
        "endless.jpg": files["progressive.jpg"][:-2],
        "beside.png": png[:33] + b"".join(_chunk(*chunk) for chunk in chunks) + png[33:],
    }


def _encoded(name: str, picture: Image.Image, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    picture.save(file, Image.registered_extensions()[Path(name).suffix], **options)
    return file.getvalue()


def mutated(originals: dict[str, bytes], chance: random.Random) -> tuple[str, bytes]:
    """A file name and what one to three mutations made of a seed; one name in ten lies about the format."""
    name = chance.choice(list(originals))
    data = originals[name]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice((flip_bits, cut, overwrite, overwrite, splice, repeat, lie_of_size, stuff_metadata))
        data = mutation(data, chance, originals)
    if data.startswith(b"\x89PNG") and chance.random() < 0.7:
        data = _with_right_sums(data)  # else the checksum alone would refuse it
    if chance.random() < 0.1:
        name = Path(name).stem + Path(chance.choice(list(originals))).suffix
    return name, data


# Each mutation takes the bytes, a source of chance and all the seeds, and gives other bytes.


def flip_bits(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """One to thirty bits turned over, anywhere."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 30) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """The end missing, or a piece in the middle."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] if chance.random() < 0.5 else data[:start] + data[end:]


def overwrite(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """A number in the header replaced by an extreme one."""
    form = chance.choice((">H", "<H", ">I", "<I", "B"))
    size = struct.calcsize(form)
    value = struct.pack(form, chance.choice(EXTREMES) % 256**size)
    place = chance.randrange(max(1, min(len(data), 400)))
    return data[:place] + value + data[place + size :]


def splice(data: bytes, chance: random.Random, originals: dict[str, bytes]) -> bytes:
    """The beginning of one file and the end of another."""
    other = chance.choice(list(originals.values()))
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def repeat(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """A piece said many times over."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:end][:2000] * chance.randint(1, 100) + data[end:]


def lie_of_size(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """The header's width or height, found by its value, made extreme."""
    for true in chance.choice(((WIDTH,), (HEIGHT,), (WIDTH, HEIGHT))):
        lie = chance.choice(EXTREMES)
        for form in (">I", "<I", ">H", "<H"):
            limit = 256 ** struct.calcsize(form)
            data = data.replace(struct.pack(form, true), struct.pack(form, min(lie, limit - 1)))
        data = data.replace((true - 1).to_bytes(3, "little"), min(lie, 2**24 - 1).to_bytes(3, "little"))  # WebP
    return data


def stuff_metadata(data: bytes, chance: random.Random, _: dict[str, bytes]) -> bytes:
    """Metadata too deep, in circles, too many or too large when unpacked."""
    circle = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    body = chance.choice((circle, chance.randbytes(500), b"<x>" * 5000, b"\0" * 60000))
    if data.startswith(b"\xff\xd8"):
        marker, start = chance.choice(
            ((0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0\x01\x02"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0"))
        )
        segment = struct.pack(">BBH", 0xFF, marker, 2 + len(start + body)) + start + body
        return data[:2] + segment * chance.choice((1, 3, 300)) + data[2:]
    if data.startswith(b"\x89PNG"):
        bomb = zlib.compress(bytes(chance.choice((10**3, 10**6, 10**8))))
        kind, content = chance.choice(
            (
                (b"eXIf", body),
                (b"iCCP", b"profile\0\0" + bomb),
                (b"zTXt", b"Comment\0\0" + bomb),
                (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb),
            )
        )
        return data[:33] + _chunk(kind, content) * chance.choice((1, 20)) + data[33:]
    place = chance.randrange(len(data) + 1)
    return data[:place] + body + data[place:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _with_right_sums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what now stands in them."""
    fixed, place = data[:8], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        if place + 12 + length > len(data):
            break
        fixed += _chunk(data[place + 4 : place + 8], data[place + 8 : place + 8 + length])
        place += 12 + length
    return fixed + data[place:]
