"""The folder of an experiment: nothing done twice, nothing lost, nothing damaged believed."""

import functools
import json
import random
import shutil

import pandas as pd
import pytest
from hamlet import Fails, same, small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import peak_bytes

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment import index, machine, runner, sealed, store
from localsim.experiment.replication import lost, replicate
from localsim.experiment.results import book_of
from localsim.experiment.store import FolderError, Store
from localsim.experiment.units import Unit

REPLICATIONS, POINTS = 2, 10
KAPPAS = [round(0.1 + 0.01 * point, 2) for point in range(POINTS)]


def asked(**changes):
    """A sweep whose blocks are of several sizes, and in which one policy always fails."""
    arguments = {
        "policies": ["status_quo", ls.Policy("unlucky", rule=Fails())],
        "replications": REPLICATIONS,
        "warmup_years": 0,
        "design": ls.Points({"place.kappa": KAPPAS}),
    }
    return small(**(arguments | changes))


@functools.cache
def done():
    """Every unit of the sweep."""
    experiment = asked()
    units = [Unit(r, p) for r in range(REPLICATIONS) for p in range(POINTS)]
    return {u: replicate(experiment.plan, u, experiment.design.point(u.point)) for u in units}


def opened(folder, experiment=None):
    experiment = asked() if experiment is None else experiment
    described = experiment.describe()
    return Store(folder, described, book_of(described), experiment.design)


def finish(folder, ready):
    """Do what a folder lacks, from units that are done already."""
    kept = opened(folder)
    for unit in kept.missing():
        kept.keep(ready[unit])
    kept.flush()
    kept.finish()
    return kept


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder that nothing ever disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    finish(folder, done())
    return folder


@pytest.fixture
def copy(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


# ── the same bytes, whatever happened on the way ─────────────────────────────────────────────────


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_order_and_any_interruptions_leave_the_same_bytes(whole, tmp_path, seed):
    luck = random.Random(seed)
    folder = tmp_path / str(seed)
    while True:
        kept = opened(folder)
        units = list(kept.missing())
        luck.shuffle(units)
        for unit in units[: luck.randrange(1, 20)]:
            kept.keep(done()[unit])
            if luck.random() < 0.1:
                kept.flush()
        if luck.random() < 0.7:  # else what is not written yet is lost, as if killed
            kept.flush()
        if not len(units):
            break
    assert opened(folder).count() == REPLICATIONS * POINTS
    kept.finish()
    assert (folder / "results.parquet").read_bytes() == (whole / "results.parquet").read_bytes()
    assert same(ls.open(folder), ls.open(whole))


def test_chunks_that_overlap_count_once(whole, copy, tmp_path):
    """Two processes on one folder may write other parts of the same block."""
    other = opened(tmp_path / "other")
    list(other.missing())
    for unit, one in done().items():
        if unit.point == 8:
            other.keep(one)
    other.flush()
    for file in (tmp_path / "other").rglob("chunk-*"):
        target = copy / file.relative_to(tmp_path / "other")
        if not target.exists():
            shutil.copy(file, target)
    assert len(list((copy / "runs").iterdir())) > len(list((whole / "runs").iterdir()))
    assert same(ls.open(copy), ls.open(whole))
    finish(copy, {})
    assert (copy / "results.parquet").read_bytes() == (whole / "results.parquet").read_bytes()


def test_another_process_s_chunks_are_not_done_again(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    for unit in first.missing():
        first.keep(done()[unit])
    assert list(second.missing()) == []


def test_results_in_memory_and_in_a_folder_are_the_same(whole):
    assert same(ls.open(whole), asked().run(progress=False, workers=1))


# ── only what is missing ─────────────────────────────────────────────────────────────────────────


def test_what_is_there_is_not_run_again(copy, monkeypatch):
    monkeypatch.setattr(runner, "replicate", None)
    asked().run(progress=False, workers=1, folder=copy)


def test_more_replications_and_points_run_only_the_new_ones(copy, monkeypatch):
    wider = ls.Points({"place.kappa": [*KAPPAS, 0.4]})
    more = asked(replications=REPLICATIONS + 1, design=wider)
    plain, seen = runner.replicate, []

    def watched(plan, unit, values):
        seen.append(unit)
        return plain(plan, unit, values)

    monkeypatch.setattr(runner, "replicate", watched)
    found = more.run(progress=False, workers=1, folder=copy)
    assert len(seen) == len(set(seen)) == (REPLICATIONS + 1) * (POINTS + 1) - len(done())
    assert same(found, more.run(progress=False, workers=1))
    fewer = asked(replications=1).run(progress=False, workers=1, folder=copy)
    assert fewer.table.equals(found.table)  # what a folder has it keeps


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 8}, "seed was 7 and is 8"),
        ({"years": 2}, "years was 1 and is 2"),
        ({"held": {"place.prevention": 0.5}}, "place.prevention is held at 0.5 and was not"),
        ({"policies": ["status_quo"]}, "unlucky is gone"),
        ({"design": None}, "one has a design and the other has none"),
        ({"design": ls.Points({"place.kappa": [0.1, 0.25, *KAPPAS[2:]]})},
         "at point 1, place.kappa was 0.11 and is 0.25"),
        ({"design": ls.Points({"place.prevention": [0.1]})},
         "it varied place.kappa and varies place.prevention"),
    ],
)  # fmt: skip
def test_a_changed_experiment_is_refused_with_the_difference(copy, changes, said):
    before = {file: file.read_bytes() for file in copy.rglob("*.*") if file.is_file()}
    with pytest.raises(FolderError, match="name another folder") as refused:
        asked(**changes).run(progress=False, workers=1, folder=copy)
    assert said in str(refused.value)
    assert {f: f.read_bytes() for f in copy.rglob("*.*") if f.is_file()} == before
    again = asked(**changes, replications=1)
    assert again.run(False, 1, folder=copy, overwrite=True).replications == 1


def test_results_of_another_version_are_refused(copy, monkeypatch):
    monkeypatch.setattr(machine, "__version__", "9.9")
    with pytest.raises(FolderError, match=r"machine \(localsim was 0.1.0 and is 9.9\)"):
        opened(copy)


def test_overwriting_removes_nothing_of_the_user_s(copy):
    (copy / "notes.txt").write_text("mine")
    store.clear(copy)
    assert [file.name for file in copy.iterdir()] == ["notes.txt"]


# ── damage ───────────────────────────────────────────────────────────────────────────────────────


def test_every_flipped_bit_of_a_chunk_is_found(whole):
    file = sorted((whole / "runs").iterdir())[-1]
    content, luck = bytearray(file.read_bytes()), random.Random(5)
    beside = whole.parent / "flipped.parquet"
    for place in [*range(0, 8), *luck.sample(range(len(content)), 400), len(content) - 1]:
        bit = 1 << luck.randrange(8)
        content[place] ^= bit
        beside.write_bytes(content)
        with pytest.raises(sealed.DamagedError):
            sealed.seal(beside)
        content[place] ^= bit
    beside.write_bytes(content)
    assert sealed.seal(beside)


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file):
    file.write_bytes(b"")


def gone(file):
    file.unlink()


def another(file):
    shutil.copy(sorted(file.parent.iterdir())[0], file)


@pytest.mark.parametrize("folder", ["runs", "series", "failures"])
@pytest.mark.parametrize("harm", [flip, cut, empty, gone, another])
def test_a_damaged_chunk_is_set_aside_and_only_it_is_run_again(whole, copy, folder, harm):
    file = sorted((copy / folder).iterdir())[-1]
    harm(file)
    (copy / "results.parquet").unlink()
    if harm is not gone or folder != "runs":
        with pytest.raises(LocalsimError, match=r"damaged.*again"):
            _ = (ls.open(copy).table, ls.open(copy).series, ls.open(copy).failures)
    kept = opened(copy)
    units = list(kept.missing())
    assert 0 < len(units) <= 2
    aside = {name.name.split("-", 1)[1] for name in (copy / ".quarantine").glob("*")}
    assert harm is gone or f"{folder}-{file.name}" in aside
    finish(copy, done())
    assert same(ls.open(copy), ls.open(whole))
    assert (copy / "results.parquet").read_bytes() == (whole / "results.parquet").read_bytes()


@pytest.mark.parametrize("harm", [flip, cut, empty, gone])
@pytest.mark.parametrize(
    "name", ["results.parquet", "index.parquet", "manifest.json", "design.parquet"]
)
def test_whatever_else_is_damaged_is_made_again_without_a_run(whole, copy, harm, name):
    harm(copy / name)
    if name in {"results.parquet", "index.parquet"}:
        assert same(ls.open(copy), ls.open(whole))  # the chunks have it all
    else:
        with pytest.raises(LocalsimError, match=r"damaged|no results"):
            ls.open(copy)
    kept = opened(copy)
    assert kept.count() == kept.total
    kept.finish()
    assert same(ls.open(copy), ls.open(whole))
    for file in ("results.parquet", "index.parquet", "manifest.json", "design.parquet"):
        assert (copy / file).read_bytes() == (whole / file).read_bytes()


def test_a_table_by_its_index_is_the_table_that_the_file_holds(whole, copy):
    folder, (by_index, plain) = opened(copy).folder, (ls.open(f).table for f in (copy, whole))
    found = index.frame(copy / "results.parquet", folder._seal(), folder.result_schema, folder.book)
    pd.testing.assert_frame_equal(found, by_index, check_exact=True)
    (copy / "index.parquet").unlink()
    without = ls.open(copy).table
    pd.testing.assert_frame_equal(without, plain, check_exact=True)
    pd.testing.assert_frame_equal(without, pd.read_parquet(copy / "results.parquet"))
    assert (without.dtypes == found.dtypes).all()


def test_the_index_of_another_file_is_not_used(copy, tmp_path):
    """As after a kill between the two: both whole, but not of each other."""
    fewer = asked(replications=1)
    fewer.run(progress=False, workers=1, folder=tmp_path / "fewer")
    shutil.copy(tmp_path / "fewer" / "index.parquet", copy)
    folder = opened(copy).folder
    names = copy / "results.parquet", folder._seal(), folder.result_schema, folder.book
    assert index.frame(*names) is None
    pd.testing.assert_frame_equal(ls.open(copy).table, pd.read_parquet(copy / "results.parquet"))


def test_another_experiment_is_refused_even_without_a_manifest(copy):
    (copy / "manifest.json").unlink()
    with pytest.raises(FolderError, match="holds runs of another experiment"):
        opened(copy, asked(seed=8))
    (copy / "design.parquet").unlink()
    with pytest.raises(FolderError, match="holds runs of another experiment"):
        opened(copy, asked(design=ls.Points({"place.kappa": [0.1, 0.25, *KAPPAS[2:]]})))


def test_what_the_dead_left_half_written_is_swept_away(copy):
    half = copy / ".staging" / f"runs~x.parquet~{sealed.socket.gethostname()}~999999999~00"
    foreign = copy / ".staging" / "runs~x.parquet~elsewhere~1~00"
    half.write_bytes(b"PAR1")
    foreign.write_bytes(b"PAR1")
    opened(copy)
    assert not half.exists()
    assert foreign.exists()


# ── workers that died ────────────────────────────────────────────────────────────────────────────


def test_units_whose_workers_died_are_tried_again_next_time(whole, tmp_path):
    kept = opened(tmp_path)
    units = list(kept.missing())
    victims = {Unit(0, 1), Unit(1, 9)}
    for unit in units:
        died = lost(asked().plan, unit, LocalsimError("it died"), died=True)
        kept.keep(died if unit in victims else done()[unit])
    kept.flush()
    kept.finish()
    found = ls.open(tmp_path)
    assert not found.interrupted
    failed = found.failures[found.failures["error"] == "it died"]
    assert set(zip(failed["replication"], failed["point"], strict=True)) == victims
    assert set(opened(tmp_path).missing()) == victims
    elsewhere = ls.open(found.save(tmp_path / "elsewhere"))
    assert same(elsewhere, found)
    assert set(opened(tmp_path / "elsewhere").missing()) == victims
    finish(tmp_path, done())
    assert same(ls.open(tmp_path), ls.open(whole))
    assert not list((tmp_path / "failures").glob("lost-*"))


# ── size ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_chunk_takes_under_a_hundred_bytes_a_number(tmp_path):
    small(replications=4).run(progress=False, workers=1, folder=tmp_path)
    rows = len(ls.open(tmp_path).table)
    scalars = sum(file.stat().st_size for file in (tmp_path / "runs").iterdir())
    assert scalars / rows < 100.0
    assert (tmp_path / "results.parquet").stat().st_size / rows < 40.0


def test_a_million_units_are_planned_without_holding_them(tmp_path):
    kept = opened(tmp_path, asked(replications=100_000))
    assert (kept.total, kept.count()) == (1_000_000, 0)
    peak = peak_bytes(
        [
            "from collections import deque",
            "from itertools import islice",
            "from test_store import asked, opened",
            "kept = opened(sys.argv[1], asked(replications=100_000))",
            "next(iter(kept.missing()))  # what is imported on the way is no part of the plan",
        ],
        ["planned = deque(islice(kept.missing(), 40_000), maxlen=1)"],
        tmp_path,
    )
    assert peak < 1e6, f"{peak:,} bytes"  # 40,000 units held are 5 MB


@pytest.mark.slow
def test_the_points_of_a_large_design_are_frozen_a_few_at_a_time(tmp_path):
    design = ls.LatinHypercube({"place.kappa": (0.1, 0.3)}, 100_000)
    experiment = asked(replications=10, design=design)
    assert opened(tmp_path, experiment).total == 1_000_000
    frozen = pd.read_parquet(tmp_path / "design.parquet")
    assert len(frozen) == 100_000
    assert frozen.loc[12_345, "place.kappa"] == experiment.design.point(12_345)["place.kappa"]
    peak = peak_bytes(
        [
            "import localsim as ls",
            "from test_store import asked, opened",
            "opened(sys.argv[1] + '/warm', asked())",
            "design = ls.LatinHypercube({'place.kappa': (0.1, 0.3)}, 100_000)",
            "experiment = asked(replications=10, design=design)",
        ],
        ["opened(sys.argv[1] + '/measured', experiment)"],
        tmp_path,
    )
    assert peak < 60e6, f"{peak:,} bytes"


def test_the_manifest_holds_its_own_digest(whole):
    manifest = json.loads((whole / "manifest.json").read_text())
    assert set(manifest) == {"format", "experiment", "digest"}
    assert manifest["experiment"]["points"] == POINTS
