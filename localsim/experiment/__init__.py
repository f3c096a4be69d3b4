"""Again and again: a question asked of the model under many draws of luck, and its answers."""

from localsim.experiment.experiment import Experiment
from localsim.experiment.results import Results

open = Results.open  # noqa: A001 - localsim.open(folder) is what users call

__all__ = ["Experiment", "Results", "open"]
