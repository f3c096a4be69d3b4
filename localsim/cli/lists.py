"""`localsim places`, `policies`, `scenarios` and so on: what there is to ask with."""

from __future__ import annotations

import argparse
import inspect
import textwrap

from localsim.cli.words import FINE, known, print_fields, print_table, short


def places(options: argparse.Namespace) -> int:
    """List the places."""
    from localsim.place import PLACES

    rows = []
    for name, make in PLACES.items():
        place = make()
        said = (make.__doc__ or "").strip().splitlines()[0].removeprefix("Return ")
        rows.append([name, f"{place.residents.sum():,}", f"{len(place.codes):,}", said])
    print_table(["place", "residents", "areas", ""], rows)
    print("\nAlso: {synthetic: {residents: …}} and {csv: FILE} in a config.")
    return FINE


def policies(options: argparse.Namespace) -> int:
    """List the policies, or explain one."""
    from localsim.policy.presets import PRESETS

    if options.name is not None:
        preset = PRESETS[known("policy", options.name, PRESETS)]
        print(textwrap.dedent(f"    {preset.__doc__ or ''}").strip())
        print(f"\n{preset().describe()}")
        return FINE
    questions = {
        "tier": "who decides",
        "budgets": "money",
        "listening": "listening",
        "rule": "rule",
        "contract": "contract",
        "access": "doors",
        "supply": "hands",
    }
    rows = []
    for name, preset in PRESETS.items():
        answers = preset().answers()
        words = [answers[question] for question in questions]
        slice_ = preset().devolved
        aside = "" if slice_ is None else f"{slice_.share:.0%} {type(slice_.rule).__name__}"
        named = [word if isinstance(word, str) else type(word).__name__ for word in words]
        rows.append([name, *named, aside])
    print_table(["policy", *questions.values(), "devolved"], rows)
    print("\nlocalsim policies NAME explains one.")
    return FINE


def scenarios(options: argparse.Namespace) -> int:
    """List what may befall a place, or explain one."""
    from localsim.scenarios import SCENARIOS

    if options.name is not None:
        scenario = SCENARIOS[known("scenario", options.name, SCENARIOS)]
        print(textwrap.dedent(f"    {scenario.__doc__ or ''}").strip())
        print(f"\n{scenario().describe()}")
        return FINE
    rows = [[name, scenario().description] for name, scenario in SCENARIOS.items()]
    print_table(["scenario", "what happens, whatever the policy"], rows)
    print("\nlocalsim scenarios NAME explains one.")
    return FINE


def themes(options: argparse.Namespace) -> int:
    """List the sets of themes, or explain one."""
    from localsim.themes import Casework
    from localsim.themes.sets import THEMES

    if options.name is not None:
        make = THEMES[known("set of themes", options.name, THEMES)]
        print(f"{inspect.getdoc(make)}\n")
        rows = []
        for theme in make():
            kind, whose, steps = "amenity", "everyone, together", ""
            if isinstance(theme, Casework):
                kind, whose, steps = "casework", theme.eligible, ", ".join(theme.sequence)
            rows.append([theme.name, theme.label, kind, theme.agency, whose, steps])
        print_table(["theme", "", "kind", "agency", "whose need", "then"], rows)
        return FINE
    rows = [[name, ", ".join(theme.name for theme in make())] for name, make in THEMES.items()]
    print_table(["themes", ""], rows)
    print(
        "\nIn a config: 'themes: health_and_care', or several together, 'themes: [default, "
        "housing]'.\nlocalsim themes NAME explains one."
    )
    return FINE


def assumptions(options: argparse.Namespace) -> int:
    """List the numbers of the model, or some of them, or explain one."""
    from localsim.assumptions import Assumptions

    log = Assumptions.default()
    shown = [name for name in log.names if name.startswith(f"{options.name or ''}".rstrip("."))]
    if options.name is not None and (options.name in log or not shown):
        row = log.row(known("assumption", options.name, log.names))
        print_fields({key: getattr(row, key) for key in row.__dataclass_fields__})
        return FINE
    rows = [
        [name, f"{row.value:g}", f"{row.low:g} to {row.high:g}", short(row.unit), row.source]
        for name, row in ((name, log.row(name)) for name in shown)
    ]
    print_table(["assumption", "value", "range", "unit", "source"], rows)
    unsourced = sum(not log.row(name).sourced for name in shown)
    print(
        f"\n{len(rows)} assumptions, {unsourced} of them unsourced: wide ranges, named wherever "
        "they decide a result.\nlocalsim assumptions NAME explains one, localsim sources ID shows "
        "where it is from."
    )
    return FINE


def sources(options: argparse.Namespace) -> int:
    """List the sources, or show one."""
    from localsim.assumptions import sources

    register = sources()
    if options.id is not None:
        found = register[known("source", options.id, register)]
        print_fields({key: getattr(found, key) for key in found.__dataclass_fields__})
        return FINE
    rows = [
        [row.id, short(row.quantity), short(row.value), row.year, row.role]
        for row in register.values()
    ]
    print_table(["id", "quantity", "value", "year", "role"], rows)
    print("\nlocalsim sources ID shows one whole.")
    return FINE
