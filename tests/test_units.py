"""The order of the work: every unit once, blocks that more work never moves."""

from hypothesis import given, settings
from hypothesis import strategies as st

from localsim.experiment.units import LARGEST, TALLEST, Block, Unit, blocks, home, rectangles

small = st.integers(1, 70)


@given(small, small)
@settings(max_examples=30)
def test_blocks_hold_every_unit_once(replications, points):
    found = [unit for block in blocks(replications, points) for unit in block]
    assert len(found) == len(set(found)) == replications * points
    assert set(found) == {Unit(r, p) for r in range(replications) for p in range(points)}


@given(small, small, small, small)
@settings(max_examples=30)
def test_more_replications_and_points_move_no_block(replications, points, more, wider):
    before = list(blocks(replications, points))
    after = {(b.replication, b.point): b for b in blocks(replications + more, points + wider)}
    for block in before:
        grown = after[block.replication, block.point]
        assert all(unit in grown for unit in block)
        assert {home(unit) for unit in block} == {(block.replication, block.point)}


@given(st.integers(1, 10_000), st.integers(1, 10_000))
@settings(max_examples=20)
def test_blocks_grow_with_the_plan_but_not_without_end(replications, points):
    found = list(blocks(replications, points))
    assert all(len(block) <= LARGEST and block.replications <= TALLEST for block in found)
    assert all(block.replications <= max(1, block.replication // 8) for block in found)
    # About so many files for any plan of which one holds a thousand units or more.
    assert len(found) <= max(2_000, replications * points / 50)


def test_a_sweep_stopped_early_is_balanced_over_its_points():
    done = []
    for block in blocks(100, 50):
        done += block
        counts = [0] * 50
        for unit in done:
            counts[unit.point] += 1
        assert max(counts) - min(counts) <= max(1, max(counts) // 8)


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_rectangles_hold_a_set_of_units_and_nothing_else(pairs):
    units = {Unit(*pair) for pair in pairs}
    found = [unit for block in rectangles(units) for unit in block]
    assert len(found) == len(set(found))
    assert set(found) == units


@given(st.integers(0, 10**7), st.integers(0, 10**9), st.integers(1, 64), st.integers(1, 512))
def test_a_name_says_which_units_are_in_a_file(replication, point, tall, wide):
    block = Block(replication, point, tall, wide)
    assert Block.named(block.name) == block
    assert Block.named(f"x{block.name}") is None


def test_what_is_no_block_has_no_name_of_one():
    for name in (
        "chunk-000000-000000-0x1",
        "chunk-0-0-1x1",
        "chunk-000000",
        "",
    ):
        assert Block.named(name) is None
