"""Results: tidy tables, and the folder that keeps them."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from hamlet import Fails, hamlet, same, side_by_side, small, three_policies

import localsim as ls
from localsim.errors import LocalsimError
from localsim.experiment.results import Results, book_of
from localsim.experiment.tables import Tables


@pytest.fixture(scope="module")
def results():
    return small(three_policies()).run(progress=False, workers=1)


# ── the tables ───────────────────────────────────────────────────────────────────────────────────


def test_the_table_has_a_row_a_replication_policy_metric_and_group(results):
    table = results.table
    assert list(table.columns) == ["replication", "policy", "metric", "group", "value", "unit"]
    assert not table.duplicated(["replication", "policy", "metric", "group"]).any()
    assert np.isfinite(table["value"]).all()
    assert set(table["replication"]) == {0, 1, 2}
    assert list(table["policy"].cat.categories) == ["status_quo", "top_down", "pilot"]
    units = table.drop_duplicates("metric").set_index("metric")["unit"]
    assert all(units[name] == ls.METRICS[name].unit for name in units.index)
    assert {"all", "inside", "outside"} <= set(table["group"])


def test_the_series_have_a_row_a_month(results):
    series = results.series
    assert list(series.columns) == ["replication", "policy", "metric", "group", "month", "value"]
    paths = series.groupby(["replication", "policy", "metric", "group"], observed=True)["month"]
    assert (paths.min() == 1).all()
    assert (paths.max() == 12).all()
    assert (paths.size() == 12).all()


def test_a_pivot_lays_policies_side_by_side(results):
    wide = side_by_side(results, "crises", "inside")
    assert list(wide.columns) == results.policies
    assert list(wide.index) == [0, 1, 2]
    table = results.table
    row = table[(table["replication"] == 1) & (table["policy"] == "pilot")]
    row = row[(row["metric"] == "crises") & (row["group"] == "inside")]
    assert wide.loc[1, "pilot"] == row["value"].item()
    with pytest.raises(LocalsimError, match="crises"):
        side_by_side(results, "crisis", "all")
    with pytest.raises(LocalsimError, match="inside"):
        side_by_side(results, "crises", "insid")


def test_a_replayed_run_is_the_run(results):
    model = small(three_policies()).replay(2, "pilot")
    wide = side_by_side(results, "need_months_unmet", "all")
    rows = {(metric, group): value for metric, group, value in ls.measure(model)}
    assert rows["need_months_unmet", "all"] == wide.loc[2, "pilot"]


def test_trajectories_are_a_labelled_array(results):
    cube = results.xarray()
    assert dict(cube.sizes) == {"replication": 3, "policy": 3, "group": 3, "month": 12}
    series = results.series
    row = series[(series["replication"] == 2) & (series["policy"] == "pilot")]
    row = row[(row["metric"] == "crises") & (row["group"] == "inside")]
    path = cube["crises"].sel(replication=2, policy="pilot", group="inside")
    assert path.to_numpy().tolist() == row["value"].tolist()


def test_other_libraries_have_views_of_the_table(results, tmp_path):
    opened = ls.open(results.save(tmp_path))
    for found in (results, opened):
        as_polars = found.polars().collect()
        assert as_polars.columns == list(results.table.columns)
        assert as_polars["value"].to_list() == results.table["value"].tolist()
        query = "metric = 'crises' and \"group\" = 'all' and policy = 'pilot'"
        by_duckdb = found.duckdb().filter(query).order("replication").project("value").fetchall()
        wide = side_by_side(results, "crises", "all")
        assert [value for (value,) in by_duckdb] == wide["pilot"].tolist()


def test_a_view_that_is_not_installed_says_how_to(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(LocalsimError, match=r"needs polars.*pip install 'localsim\[views\]'"):
        results.polars()


# ── the folder ───────────────────────────────────────────────────────────────────────────────────


def test_saved_results_open_as_they_were(results, tmp_path):
    folder = results.save(tmp_path / "out" / "deep")
    names = {"index.parquet", "manifest.json", "results.parquet", "runs", "series", ".staging"}
    assert {file.name for file in folder.iterdir()} == names
    opened = ls.open(folder)
    assert same(results, opened)
    assert opened.interrupted == results.interrupted
    plain = pd.read_parquet(folder / "results.parquet")
    pd.testing.assert_frame_equal(plain, results.table)


def test_failures_are_saved_too(tmp_path):
    found = small(["status_quo", ls.Policy("unlucky", rule=Fails())]).run(False, workers=1)
    assert same(found, ls.open(found.save(tmp_path)))


def test_what_was_saved_can_be_run_on(results, tmp_path):
    more = small(three_policies(), replications=5)
    assert same(more.run(False, folder=results.save(tmp_path)), more.run(False))


def test_the_same_experiment_leaves_the_same_bytes(results, tmp_path):
    results.save(tmp_path / "a")
    small(three_policies()).run(progress=False, workers=1, folder=tmp_path / "b")
    files = [file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*.*")]
    assert (
        len(files) == 10
    )  # three replications' runs and series, the manifest, the end, its index, staging
    for name in files:
        one, other = tmp_path / "a" / name, tmp_path / "b" / name
        assert one.is_dir() or one.read_bytes() == other.read_bytes(), name


def test_the_manifest_says_what_was_run(results, tmp_path):
    results.save(tmp_path)
    said = json.loads((tmp_path / "manifest.json").read_text())["experiment"]
    assert said["fingerprint"] == small(three_policies()).fingerprint
    assert said["place"]["inside"] == [hamlet().codes[0]]
    assert said["seed"] == 7
    assert said["versions"]["localsim"] == ls.__version__
    assert {"numpy", "code"} <= said["versions"].keys()
    assert said["processor"]
    assert [policy["name"] for policy in said["policies"]] == results.policies


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"format": 2}', "\x00"])
def test_a_damaged_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(LocalsimError, match="damaged"):
        ls.open(tmp_path)


def test_a_manifest_that_was_edited_is_refused(results, tmp_path):
    manifest = results.save(tmp_path) / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"seed": 7', '"seed": 8'))
    with pytest.raises(LocalsimError, match="damaged"):
        ls.open(tmp_path)


def test_a_folder_without_results_or_of_another_format_is_refused(results, tmp_path):
    with pytest.raises(LocalsimError, match="there are no results"):
        ls.open(tmp_path)
    manifest = results.save(tmp_path) / "manifest.json"
    later = json.loads(manifest.read_text()) | {"format": 99}
    manifest.write_text(json.dumps(later))
    with pytest.raises(LocalsimError, match="format 99"):
        ls.open(tmp_path)


def test_results_that_cannot_be_saved_say_so(results, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalsimError, match="is a file"):
        results.save(tmp_path / "file")


def test_nothing_done_leaves_empty_tables():
    described = small().describe()
    empty = Results(described, Tables.of([], book_of(described)), interrupted=True)
    assert empty.table.empty
    assert empty.series.empty
    assert empty.failures.empty
    assert empty.replications == 0
