"""The public names, in the order of the story: adding or losing one is a decision."""

from __future__ import annotations

import localsim

NAMES = """
Place Population Theme Casework Amenity Log Quadratic Tasks Routing default_themes
health_and_care housing
Assumption Assumptions source sources
Policy Devolved Pilot RollOut Until RingFenced Pooled OpenEnded OwnGains WithNeighbours
NoCapital Borrow CapitalBudget NoDeal NegotiatedTargets EarnedAutonomy
Record Voice Evidence Participants Purse
Rule Fixed Historic PerHead NeedsFormula Planner TargetsFirst MedianVoter JointPanel
PanelByLot IndividualChoice Referendum GreedyVote EqualShares SequentialPhragmen YouthVote
Targets LinearContract Judgement Silo Hub LeadProfessional
InHouse Market Community Shared policies
Model Diary Resident Provider Agency Commissioner Centre METRICS measure
Scenario scenarios Experiment Grid LatinHypercube Sobol OneAtATime Points Range HalfWidth
Results open appraise Appraisal rank Ranking select Selection attribute Attribution
sensitivity Sensitivity tipping Tipping where_it_loses discover Discovery
calibrate Calibration Target plots check LocalsimError __version__
"""


def test_the_public_names_are_these():
    assert localsim.__all__ == NAMES.split()


def test_every_public_name_can_be_had():
    for name in NAMES.split():
        assert getattr(localsim, name) is not None
