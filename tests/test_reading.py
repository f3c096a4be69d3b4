"""Files of the user's are read whole, or refused in a sentence before they are."""

import os
from pathlib import Path

import pytest

import localsim as ls
from localsim.errors import LocalsimError
from localsim.reading import read_text


def test_text_is_read_without_its_byte_order_mark(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"\xef\xbb\xbfcode,residents\n")
    assert read_text(file, "a.csv", 100) == "code,residents\n"


def test_what_cannot_be_a_csv_is_refused(tmp_path):
    (tmp_path / "big.csv").write_bytes(b"x" * 11)
    (tmp_path / "odd.csv").write_bytes(b"\xff")
    os.mkfifo(tmp_path / "pipe.csv")
    for name, said in (
        ("big.csv", "larger than 10 bytes"),
        ("odd.csv", "not text in UTF-8"),
        ("pipe.csv", "no ordinary file"),
        (".", "no ordinary file"),
        ("none.csv", "there is no file"),
        ("a\x00b.csv", "cannot be read"),
        ("x" * 5000, "cannot be read"),
    ):
        with pytest.raises(LocalsimError, match=said):
            read_text(tmp_path / name, name, 10)


@pytest.mark.parametrize("read", [ls.Place.from_csv, ls.Points.from_csv])
def test_a_device_that_never_ends_is_refused(read):
    with pytest.raises(LocalsimError, match="no ordinary file"):
        read(Path("/dev/zero"))
