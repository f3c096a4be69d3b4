"""When a place runs its public services locally, what gets better, for whom, at what cost?

Names are loaded when they are first used, so that importing the package takes no time::

    import localsim as ls

    experiment = ls.Experiment(
        ls.Place.kingston(),
        policies=["status_quo", "top_down", ls.Pilot(ls.policies.local_integrated_services(),
                                                     "norbiton", ls.policies.status_quo())],
    )
    ls.appraise(experiment.run(), baseline="status_quo").summary()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - the order of the story, not of the alphabet
    # a place and who is in it
    "Place",
    "Population",
    "Theme",
    "Casework",
    "Amenity",
    "Log",
    "Quadratic",
    "Tasks",
    "Routing",
    "default_themes",
    "health_and_care",
    "housing",
    # numbers and where they are from
    "Assumption",
    "Assumptions",
    "source",
    "sources",
    # who decides, and how
    "Policy",
    "Devolved",
    "Pilot",
    "RollOut",
    "Until",
    "RingFenced",
    "Pooled",
    "OpenEnded",
    "OwnGains",
    "WithNeighbours",
    "NoCapital",
    "Borrow",
    "CapitalBudget",
    "NoDeal",
    "NegotiatedTargets",
    "EarnedAutonomy",
    "Record",
    "Voice",
    "Evidence",
    "Participants",
    "Purse",
    "Rule",
    "Fixed",
    "Historic",
    "PerHead",
    "NeedsFormula",
    "Planner",
    "TargetsFirst",
    "MedianVoter",
    "JointPanel",
    "PanelByLot",
    "IndividualChoice",
    "Referendum",
    "GreedyVote",
    "EqualShares",
    "SequentialPhragmen",
    "YouthVote",
    "Targets",
    "LinearContract",
    "Judgement",
    "Silo",
    "Hub",
    "LeadProfessional",
    "InHouse",
    "Market",
    "Community",
    "Shared",
    "policies",
    # what happens
    "Model",
    "Diary",
    "Resident",
    "Provider",
    "Agency",
    "Commissioner",
    "Centre",
    "METRICS",
    "measure",
    # again and again, and what it means
    "Scenario",
    "scenarios",
    "Experiment",
    "Grid",
    "LatinHypercube",
    "Sobol",
    "OneAtATime",
    "Points",
    "Range",
    "HalfWidth",
    "Results",
    "open",
    "appraise",
    "Appraisal",
    "rank",
    "Ranking",
    "select",
    "Selection",
    "attribute",
    "Attribution",
    # what would change the answer
    "sensitivity",
    "Sensitivity",
    "tipping",
    "Tipping",
    "where_it_loses",
    "discover",
    "Discovery",
    "calibrate",
    "Calibration",
    "Target",
    "plots",
    # trust
    "check",
    "LocalsimError",
    "__version__",
]

# Which module each name is in; a module itself is under its own path.
_MODULES = {
    "policies": "localsim.policy.presets",
    "scenarios": "localsim.scenarios",
    "plots": "localsim.plots",
    "check": "localsim.check",
}
_HOMES = {
    "Place": "localsim.place",
    "Population": "localsim.population",
    "Theme": "localsim.themes",
    "Casework": "localsim.themes",
    "Amenity": "localsim.themes",
    "Log": "localsim.themes",
    "Quadratic": "localsim.themes",
    "Tasks": "localsim.themes.tasks",
    "Routing": "localsim.themes.routing",
    "default_themes": "localsim.themes",
    "health_and_care": "localsim.themes",
    "housing": "localsim.themes",
    "Assumption": "localsim.assumptions",
    "Assumptions": "localsim.assumptions",
    "source": "localsim.assumptions",
    "sources": "localsim.assumptions",
    "Policy": "localsim.policy.policy",
    "Devolved": "localsim.policy.policy",
    "Pilot": "localsim.policy.policy",
    "RollOut": "localsim.policy.schedule",
    "Until": "localsim.policy.schedule",
    "RingFenced": "localsim.policy.budgets",
    "Pooled": "localsim.policy.budgets",
    "OpenEnded": "localsim.policy.budgets",
    "OwnGains": "localsim.policy.counting",
    "WithNeighbours": "localsim.policy.counting",
    "NoCapital": "localsim.policy.capital",
    "Borrow": "localsim.policy.capital",
    "CapitalBudget": "localsim.policy.capital",
    "NoDeal": "localsim.policy.deal",
    "NegotiatedTargets": "localsim.policy.deal",
    "EarnedAutonomy": "localsim.policy.deal",
    "Record": "localsim.policy.listening",
    "Voice": "localsim.policy.listening",
    "Evidence": "localsim.policy.evidence",
    "Participants": "localsim.policy.evidence",
    "Purse": "localsim.policy.evidence",
    "Rule": "localsim.policy.rules",
    "Fixed": "localsim.policy.rules",
    "Historic": "localsim.policy.rules",
    "PerHead": "localsim.policy.rules",
    "NeedsFormula": "localsim.policy.rules",
    "Planner": "localsim.policy.rules",
    "TargetsFirst": "localsim.policy.rules",
    "MedianVoter": "localsim.policy.rules",
    "JointPanel": "localsim.policy.rules",
    "PanelByLot": "localsim.policy.resident_rules",
    "IndividualChoice": "localsim.policy.resident_rules",
    "Referendum": "localsim.policy.resident_rules",
    "GreedyVote": "localsim.policy.vote_rules",
    "EqualShares": "localsim.policy.vote_rules",
    "SequentialPhragmen": "localsim.policy.vote_rules",
    "YouthVote": "localsim.policy.vote_rules",
    "Targets": "localsim.policy.contract",
    "LinearContract": "localsim.policy.contract",
    "Judgement": "localsim.policy.contract",
    "Silo": "localsim.policy.access",
    "Hub": "localsim.policy.access",
    "LeadProfessional": "localsim.policy.access",
    "InHouse": "localsim.policy.supply",
    "Market": "localsim.policy.supply",
    "Community": "localsim.policy.supply",
    "Shared": "localsim.policy.supply",
    "Model": "localsim.model",
    "Diary": "localsim.diary",
    "Resident": "localsim.agents.resident",
    "Provider": "localsim.agents.institutions",
    "Agency": "localsim.agents.institutions",
    "Commissioner": "localsim.agents.institutions",
    "Centre": "localsim.agents.institutions",
    "METRICS": "localsim.metrics",
    "measure": "localsim.metrics",
    "Scenario": "localsim.scenarios",
    "Experiment": "localsim.experiment",
    "Grid": "localsim.experiment.design",
    "LatinHypercube": "localsim.experiment.design",
    "Sobol": "localsim.experiment.design",
    "OneAtATime": "localsim.experiment.design",
    "Points": "localsim.experiment.points",
    "Range": "localsim.experiment.dimensions",
    "HalfWidth": "localsim.experiment.stopping",
    "Results": "localsim.experiment",
    "open": "localsim.experiment",
    "appraise": "localsim.appraisal",
    "Appraisal": "localsim.appraisal",
    "rank": "localsim.appraisal.ranking",
    "Ranking": "localsim.appraisal.ranking",
    "select": "localsim.appraisal.selection",
    "Selection": "localsim.appraisal.selection",
    "attribute": "localsim.appraisal",
    "Attribution": "localsim.appraisal",
    "sensitivity": "localsim.appraisal.sensitivity",
    "Sensitivity": "localsim.appraisal.sensitivity",
    "tipping": "localsim.appraisal.tipping",
    "Tipping": "localsim.appraisal.tipping",
    "where_it_loses": "localsim.appraisal.discovery",
    "discover": "localsim.appraisal.discovery",
    "Discovery": "localsim.appraisal.discovery",
    "calibrate": "localsim.appraisal.calibration",
    "Calibration": "localsim.appraisal.calibration",
    "Target": "localsim.appraisal.calibration",
    "LocalsimError": "localsim.errors",
}

if TYPE_CHECKING:
    from localsim import check, plots, scenarios
    from localsim.agents.institutions import Agency, Centre, Commissioner, Provider
    from localsim.agents.resident import Resident
    from localsim.appraisal import Appraisal, Attribution, appraise, attribute
    from localsim.appraisal.calibration import Calibration, Target, calibrate
    from localsim.appraisal.discovery import Discovery, discover, where_it_loses
    from localsim.appraisal.ranking import Ranking, rank
    from localsim.appraisal.selection import Selection, select
    from localsim.appraisal.sensitivity import Sensitivity, sensitivity
    from localsim.appraisal.tipping import Tipping, tipping
    from localsim.assumptions import Assumption, Assumptions, source, sources
    from localsim.diary import Diary
    from localsim.errors import LocalsimError
    from localsim.experiment import Experiment, Results, open
    from localsim.experiment.design import Grid, LatinHypercube, OneAtATime, Sobol
    from localsim.experiment.dimensions import Range
    from localsim.experiment.points import Points
    from localsim.experiment.stopping import HalfWidth
    from localsim.metrics import METRICS, measure
    from localsim.model import Model
    from localsim.place import Place
    from localsim.policy import presets as policies
    from localsim.policy.access import Hub, LeadProfessional, Silo
    from localsim.policy.budgets import OpenEnded, Pooled, RingFenced
    from localsim.policy.capital import Borrow, CapitalBudget, NoCapital
    from localsim.policy.contract import Judgement, LinearContract, Targets
    from localsim.policy.counting import OwnGains, WithNeighbours
    from localsim.policy.deal import EarnedAutonomy, NegotiatedTargets, NoDeal
    from localsim.policy.evidence import Evidence, Participants, Purse
    from localsim.policy.listening import Record, Voice
    from localsim.policy.policy import Devolved, Pilot, Policy
    from localsim.policy.resident_rules import IndividualChoice, PanelByLot, Referendum
    from localsim.policy.rules import (
        Fixed,
        Historic,
        JointPanel,
        MedianVoter,
        NeedsFormula,
        PerHead,
        Planner,
        Rule,
        TargetsFirst,
    )
    from localsim.policy.schedule import RollOut, Until
    from localsim.policy.supply import Community, InHouse, Market, Shared
    from localsim.policy.vote_rules import (
        EqualShares,
        GreedyVote,
        SequentialPhragmen,
        YouthVote,
    )
    from localsim.population import Population
    from localsim.scenarios import Scenario
    from localsim.themes import (
        Amenity,
        Casework,
        Log,
        Quadratic,
        Theme,
        default_themes,
        health_and_care,
        housing,
    )
    from localsim.themes.routing import Routing
    from localsim.themes.tasks import Tasks


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'localsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *globals()])
