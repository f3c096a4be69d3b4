"""What an experiment means: differences from a baseline, with how sure we are and who gains."""

from localsim.appraisal.attribution import Attribution, attribute
from localsim.appraisal.inputs import ResultsLike
from localsim.appraisal.paired import Appraisal, appraise
from localsim.appraisal.summary import Summary

__all__ = ["Appraisal", "Attribution", "ResultsLike", "Summary", "appraise", "attribute"]
