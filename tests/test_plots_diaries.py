"""Figures of diaries and marked maps say what they show."""

from __future__ import annotations

import pandas as pd
import pytest

from localsim import plots
from localsim.diary import Spell
from localsim.errors import LocalsimError
from localsim.place import Place

ROUTE = [
    Spell(4, "money", 0, "unpresented", "", 0.0, 2.0, "asked for help", 0, 0, 0),
    Spell(4, "money", 0, "being assessed", "council", 2.0, 2.1, "passed on", 1, 0, 0),
    Spell(4, "money", 0, "being assessed", "advice centre", 2.1, 2.2, "accepted", 2, 0, 0),
    Spell(4, "money", 0, "queueing", "", 2.2, 2.5, "began", 2, 0, 0),
    Spell(4, "money", 0, "in service", "voluntary", 2.5, 6.0, "solved", 2, 0, 0),
]
OTHER = Spell(4, "work", 0, "unpresented", "", 1.0, 12.0, "still open", 0, 0, 0)


def texts(figure):
    axes = figure.axes[0]
    return [t.get_text() for t in (*figure.texts, *axes.texts, *axes.get_yticklabels())]


def test_a_timeline_has_a_row_a_need_and_says_what_became_of_it():
    said = texts(plots.timeline(pd.DataFrame([*ROUTE, OTHER])))
    assert "money" in said
    assert "work" in said
    assert {"→", "✓"} <= set(said)
    assert any("resident 5" in text for text in said)
    assert any("✓ solved; → passed on; a bar that runs to the edge goes on." in t for t in said)


def test_a_route_has_a_row_a_place_in_the_order_of_the_way():
    figure = plots.route(pd.DataFrame(ROUTE))
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == [
        "at home", "council desk", "advice centre desk", "service’s queue", "service (voluntary)",
    ]  # fmt: skip
    assert "days" in figure.axes[0].get_xlabel()


@pytest.mark.parametrize(
    ("draw", "spells", "said"),
    [
        (plots.timeline, [ROUTE[0], ROUTE[0]._replace(resident=5)], "one resident"),
        (plots.timeline, [], "these hold none"),
        (plots.route, [ROUTE[0], OTHER], "one need"),
    ],
)
def test_what_cannot_be_drawn_ends_in_a_sentence(draw, spells, said):
    with pytest.raises(LocalsimError, match=said):
        draw(pd.DataFrame(spells, columns=list(Spell._fields)))


def test_a_map_rings_the_areas_it_is_told_to():
    place = Place.kingston()
    figure = plots.place_map(place, place.residents, "residents", marked="norbiton")
    assert len(figure.axes[0].collections[-1].get_offsets()) == 6
    assert any("Ringed: Norbiton." in text.replace("\n", " ") for text in texts(figure))
