"""The text of a file of the user's: an ordinary one, of a sensible size, in UTF-8."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from localsim.errors import LocalsimError


def read_text(source: Path | Traversable, label: str, most_bytes: int) -> str:
    """Return a CSV's text, or say in a sentence why it cannot be had.

    A folder, a device or a pipe is refused before it is read: one of them never ends.
    """
    try:
        if isinstance(source, Path) and source.exists():
            if not source.is_file():
                raise LocalsimError(
                    f"{label} cannot be read: it is no ordinary file, and a CSV is one."
                )
            if source.stat().st_size > most_bytes:
                raise LocalsimError(f"{label} is larger than {most_bytes:,} bytes; split it.")
        return source.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise LocalsimError(f"there is no file {label}; give the path of a CSV.") from None
    except UnicodeDecodeError:
        raise LocalsimError(f"{label} is not text in UTF-8; save it as a UTF-8 CSV.") from None
    except LocalsimError:
        raise
    except (OSError, ValueError) as problem:  # a name that no file can have is a ValueError
        reason = getattr(problem, "strerror", None) or problem
        raise LocalsimError(f"{label} cannot be read: {reason}.") from None
