"""Parquet files that are written whole or not at all, and known by a digest of every byte.

Parquet alone reads many a damaged file without a word. The digest is of the file as it stood with
zeros in the digest's own place, so it travels inside the file and covers all of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

STAGING = ".staging"

_SEAL = b"localsim-blake2b:"
_BLANK = b"0" * 32
_TAIL = 1 << 20
_LARGE = 1 << 22
"""Threads do not pay in smaller files."""

_FLOATS = {"value": "BYTE_STREAM_SPLIT", "values.list.element": "BYTE_STREAM_SPLIT"}


class DamagedError(Exception):
    """A file is not what was written: it was cut short, changed, or never ours."""


@contextmanager
def staged(home: Path, name: str) -> Iterator[Path]:
    """Yield a path in the staging folder; what is written there is synced and moved to its name.

    Nothing is moved if writing fails; another process that writes the same name is no hindrance.
    """
    folder = home / STAGING
    folder.mkdir(parents=True, exist_ok=True)
    token = f"{socket.gethostname()}~{os.getpid()}~{secrets.token_hex(4)}"
    beside = folder / f"{name.replace('/', '~')}~{token}"
    try:
        yield beside
        _sync(beside)
        target = home / name
        target.parent.mkdir(exist_ok=True)
        beside.replace(target)
        if os.name == "posix":
            _sync(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def sweep(home: Path) -> None:
    """Remove what processes of this machine that are gone have left in the staging folder."""
    for file in (home / STAGING).glob("*"):
        _, host, process, _ = ("~~~" + file.name).rsplit("~", 3)
        if host == socket.gethostname() and process.isdigit() and not _alive(int(process)):
            file.unlink(missing_ok=True)


@contextmanager
def writer(file: Path, schema: pa.Schema, said: Mapping[str, Any]) -> Iterator[pq.ParquetWriter]:
    """Write a table piece by piece to a file that ends with what is said of it, and its seal."""
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    whole = [field.name for field in schema if pa.types.is_integer(field.type)]
    text = [field.name for field in schema if pa.types.is_string(field.type)]
    encodings = {name: _FLOATS[name] for name in _FLOATS if name.split(".")[0] in schema.names}
    with pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=words + text,
        column_encoding=encodings | dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
        write_page_checksum=True,
    ) as open_file:
        yield open_file
        seal = (_SEAL + _BLANK).decode()
        open_file.add_key_value_metadata({"localsim": json.dumps(said), "localsim.seal": seal})
    with file.open("r+b") as stream:
        at, _ = _find(stream)
        digest = _digest(stream, at)
        stream.seek(at)
        stream.write(digest)


def write(file: Path, table: pa.Table, said: Mapping[str, Any]) -> None:
    """Write a whole table, with what is said of it."""
    with writer(file, table.schema, said) as stream:
        stream.write_table(table)


def seal(file: Path) -> str:
    """Return the digest of a file's every byte, having compared the two.

    Raises DamagedError if the file does not hold the digest of itself.
    """
    with file.open("rb") as stream:
        at, kept = _find(stream)
        if _digest(stream, at) != kept:
            raise DamagedError("its bytes are not those that were written")
    return kept.decode()


def said_of(file: Path) -> dict[str, Any]:
    """Return what is said of a table in its file, whose seal has been checked."""
    kept = pq.read_metadata(file).metadata
    return dict(json.loads(kept[b"localsim"]))


def read(file: Path, schema: pa.Schema) -> pa.Table:
    """Return the table in a file whose seal has been checked.

    Raises DamagedError if it is not of the schema.
    """
    with pq.ParquetFile(file, memory_map=False) as stream:  # read_table loads far more code
        table = stream.read(use_threads=file.stat().st_size > _LARGE)
    if not table.schema.equals(schema):
        raise DamagedError("it has other columns than those that were written")
    return table


def _find(stream: BinaryIO) -> tuple[int, bytes]:
    """Return where in a file its digest is, and the digest that stands there."""
    size = stream.seek(0, os.SEEK_END)
    for length in (min(size, _TAIL), size):
        stream.seek(size - length)
        tail = stream.read(length)
        at = tail.rfind(_SEAL)
        if at >= 0:
            start = at + len(_SEAL)
            return size - length + start, tail[start : start + len(_BLANK)]
    raise DamagedError("it is cut short, or no file of localsim's")


def _digest(stream: BinaryIO, at: int) -> bytes:
    """Return the digest of a file with zeros for the digest that stands in it."""
    total = hashlib.blake2b(digest_size=16)
    stream.seek(0)
    left = at
    while left and (content := stream.read(min(left, _TAIL))):
        total.update(content)
        left -= len(content)
    total.update(_BLANK)
    stream.seek(at + len(_BLANK))
    while content := stream.read(_TAIL):
        total.update(content)
    return total.hexdigest().encode()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
