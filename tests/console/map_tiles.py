"""A host of map tiles on loopback, and a PMTiles archive of one colour, both as small as they can be."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

GREEN = (40, 160, 60)


def png(colour: tuple[int, int, int], size: int = 256) -> bytes:
    """A square of one colour."""
    rows = (b"\0" + bytes(colour) * size) * size

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Tiles:
    """What was asked of the host, as (z, x, y), and what it answers with."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.status = 200
        self.url = ""


@contextmanager
def tile_host() -> Iterator[Tiles]:
    tiles, tile = Tiles(), png(GREEN)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            z, x, y = (int(part) for part in re.findall(r"\d+", self.path)[:3])
            tiles.asked.append((z, x, y))
            self.send_response(tiles.status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            if tiles.status == 200:
                self.wfile.write(tile)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    tiles.url = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}.png"
    try:
        yield tiles
    finally:
        server.shutdown()
        server.server_close()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def pmtiles() -> bytes:
    """An archive, version 3, whose every tile of zoom 0 to 9 is the same green picture.

    One entry with a run length covers them all: tile ids count from 0 through all zooms.
    """
    tile = png(GREEN)
    tiles = sum(4**zoom for zoom in range(10))
    root = gzip.compress(
        b"".join(map(_varint, (1, 0, tiles, len(tile), 1)))
    )  # entries, id, run, length, offset + 1
    metadata = gzip.compress(b"{}")
    at_root = 127
    at_metadata = at_root + len(root)
    at_tiles = at_metadata + len(metadata)
    header = b"PMTiles\x03" + struct.pack(
        "<11QBBBBBBiiiiBii",
        at_root, len(root), at_metadata, len(metadata), at_tiles, 0, at_tiles, len(tile), tiles, 1, 1,
        1, 2, 1, 2, 0, 9, 1_170_000_000, 340_000_000, 1_210_000_000, 390_000_000, 8, 1_190_000_000, 360_000_000,
    )  # fmt: skip
    return header + root + metadata + tile
