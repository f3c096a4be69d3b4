"""Again and again: a question asked of the model under many draws of luck, and its answers."""

from localsim.experiment.experiment import Experiment
from localsim.experiment.results import Results

open = Results.open

__all__ = ["Experiment", "Results", "open"]
