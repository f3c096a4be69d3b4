"""What an experiment came to: tidy tables, what was run, and a folder that holds both."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from localsim.errors import LocalsimError
from localsim.experiment.replication import Replication
from localsim.experiment.validate import one_of

TABLE = "results.parquet"
SERIES = "series.parquet"
MANIFEST = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, eq=False, repr=False)
class Results:
    """What every policy came to in every replication.

    `table` has a row a replication, policy, metric and group of residents, with ``value`` over
    the whole run and its ``unit``; `series` has ``value`` a ``month`` since the policy began;
    `failures` has a row a run that could not be finished, with its error, its traceback and the
    call that replays it; `experiment` describes what was run. `interrupted` says whether some
    replications were never started.
    """

    table: pd.DataFrame
    series: pd.DataFrame
    failures: pd.DataFrame
    experiment: dict[str, Any]
    interrupted: bool = field(default=False)

    @property
    def policies(self) -> list[str]:
        """The policies' names, in the order of the experiment."""
        return [policy["name"] for policy in self.experiment["policies"]]

    @property
    def replications(self) -> int:
        """How many replications have at least one finished run."""
        return int(self.table["replication"].nunique())

    def pivot(self, metric: str, group: str = "all") -> pd.DataFrame:
        """Return one metric of one group as replications × policies.

        Raises LocalsimError if there is no such metric or group.
        """
        one_of("metric", metric, self.table["metric"].cat.categories)
        one_of("group", group, self.table["group"].cat.categories)
        chosen = self.table[(self.table["metric"] == metric) & (self.table["group"] == group)]
        wide = chosen.pivot_table(
            index="replication", columns="policy", values="value", observed=True
        )
        wide.columns = wide.columns.astype(str)
        return wide[[policy for policy in self.policies if policy in wide.columns]]

    def save(self, folder: str | Path) -> Path:
        """Write the results to a folder and return it; ``localsim.open`` reads them back.

        Each file is written beside its place and moved there whole. The manifest comes last and
        holds a digest of the tables, so a folder that was cut short is told from a whole one.
        """
        home = Path(folder)
        try:
            home.mkdir(parents=True, exist_ok=True)
            digests = {
                SERIES: _write(home / SERIES, _parquet(self.series)),
                TABLE: _write(home / TABLE, _parquet(self.table)),
            }
            manifest = {
                "format": FORMAT,
                "experiment": self.experiment,
                "interrupted": self.interrupted,
                "failures": self.failures.to_dict("records"),
                "digests": digests,
            }
            text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
            _write(home / MANIFEST, text.encode())
        except OSError as error:
            reason = error.strerror or error
            raise LocalsimError(f"the results cannot be saved in {home}: {reason}.") from error
        return home

    @classmethod
    def open(cls, folder: str | Path) -> Results:
        """Read the results that ``save`` or ``localsim run`` left in a folder.

        Raises LocalsimError if the folder holds none, or not those its manifest describes.
        """
        home = Path(folder)
        manifest = read_manifest(home)
        if manifest is None:
            raise LocalsimError(f"there are no results in {home}: it has no {MANIFEST}.")
        frames = {}
        for name, digest in manifest["digests"].items():
            try:
                content = (home / name).read_bytes()
            except OSError as error:
                raise LocalsimError(f"{home / name} cannot be read: {error.strerror}.") from None
            if _digest(content) != digest:
                raise LocalsimError(
                    f"{home / name} is not the file its {MANIFEST} describes: it was changed, or "
                    "saving was cut short. Run the experiment again."
                )
            frames[name] = pd.read_parquet(BytesIO(content))
        return cls(
            frames[TABLE],
            frames[SERIES],
            _failures(manifest["failures"]),
            manifest["experiment"],
            manifest["interrupted"],
        )

    def __repr__(self) -> str:
        metrics = self.table["metric"].nunique()
        parts = [
            f"{self.replications} replications × {len(self.policies)} policies",
            f"{metrics} metrics",
            f"{len(self.table):,} rows",
        ]
        if len(self.failures):
            parts.append(f"{len(self.failures)} failed runs")
        if self.interrupted:
            parts.append("interrupted")
        return f"<Results of {self.experiment['name']!r}: {', '.join(parts)}>"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what a folder's manifest says, or None where there is no manifest.

    Raises LocalsimError if there is one that cannot be read.
    """
    file = folder / MANIFEST
    try:
        manifest = json.loads(file.read_bytes())
        found = manifest["format"]
        whole = found != FORMAT or (
            manifest.keys() >= {"experiment", "interrupted", "failures", "digests"}
            and manifest["experiment"].keys() >= {"name", "policies", "fingerprint"}
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LocalsimError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise LocalsimError(f"{file} is damaged: it does not describe any results.")
    if found != FORMAT:
        raise LocalsimError(
            f"{file} is of format {found}; this version of localsim reads format {FORMAT}."
        )
    return dict(manifest)


def assemble(
    experiment: dict[str, Any],
    replications: Sequence[Replication],
    units: Mapping[str, str],
    *,
    interrupted: bool,
) -> Results:
    """Put what the replications came to into tables, in the order of the plan."""
    runs = [run for one in replications for run in one.runs]
    rows = [(run, row) for run in runs for row in run.rows]
    policies = [policy["name"] for policy in experiment["policies"]]
    table = pd.DataFrame(
        {
            "replication": np.array([run.replication for run, _ in rows], dtype=np.int64),
            "policy": _words([run.policy for run, _ in rows], policies),
            "metric": _words([row[0] for _, row in rows]),
            "group": _words([row[1] for _, row in rows]),
            "value": np.array([row[2] for _, row in rows], dtype=np.float64),
            "unit": _words([units[row[0]] for _, row in rows]),
        }
    )
    paths = [(run, path) for run in runs for path in run.series]
    lengths = np.array([path[2].size for _, path in paths], dtype=np.int64)
    values = [path[2] for _, path in paths]
    months = [np.arange(1, length + 1, dtype=np.int64) for length in lengths]
    series = pd.DataFrame(
        {
            "replication": np.repeat([run.replication for run, _ in paths], lengths).astype(int),
            "policy": _words([run.policy for run, _ in paths], policies, lengths),
            "metric": _words([path[0] for _, path in paths], repeats=lengths),
            "group": _words([path[1] for _, path in paths], repeats=lengths),
            "month": np.concatenate(months) if months else np.zeros(0, dtype=np.int64),
            "value": np.concatenate(values) if values else np.zeros(0),
        }
    )
    failures = [
        {
            "replication": failure.replication,
            "policy": failure.policy,
            "error": failure.error,
            "traceback": failure.traceback,
            "replay": f"experiment.replay({failure.replication}, {failure.policy!r})",
        }
        for one in replications
        for failure in one.failures
    ]
    return Results(table, series, _failures(failures), experiment, interrupted)


def _words(
    words: Sequence[str],
    order: Sequence[str] | None = None,
    repeats: NDArray[np.int64] | int = 1,
) -> pd.Categorical[Any]:
    """Return words as categories, each repeated, in order of appearance or in the order given."""
    kinds = list(dict.fromkeys(words) if order is None else order)
    number = {word: code for code, word in enumerate(kinds)}
    codes = np.array([number[word] for word in words], dtype=np.int64)
    return pd.Categorical.from_codes(np.repeat(codes, repeats), categories=pd.Index(kinds))


def _failures(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    columns = ["replication", "policy", "error", "traceback", "replay"]
    frame = pd.DataFrame(list(records), columns=columns)
    return frame.astype({"replication": np.int64, **dict.fromkeys(columns[1:], "str")})


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _write(file: Path, content: bytes) -> str:
    """Write a file whole or not at all; return the digest of its content."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return _digest(content)
