"""The fields of protobuf messages, which ONNX files are, read without the packages that make them."""

from collections.abc import Iterator


def fields(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """The fields of the protobuf message in data[start:stop]: each one's number, and where its value lies."""
    while start < stop:
        key, start = varint(data, start)
        match key & 7:  # the wire type
            case 0:
                end = varint(data, start)[1]
            case 1:
                end = start + 8
            case 2:
                length, start = varint(data, start)
                end = start + length
            case 5:
                end = start + 4
            case _:
                raise ValueError("no protobuf message")
        if end > stop:
            raise ValueError("no protobuf message")
        yield key >> 3, start, end
        start = end


def varint(data: bytes, start: int) -> tuple[int, int]:
    """A number of variable length, seven bits a byte, the lowest first, and where it ends; IndexError past the end."""
    value = shift = 0
    while data[start] & 0x80:
        value |= (data[start] & 0x7F) << shift
        shift, start = shift + 7, start + 1
    return value | data[start] << shift, start + 1
