"""What is measured: from a model to numbers with a unit and a direction."""

from localsim.metrics.metrics import FIFTHS, METRICS, Metric, measure

__all__ = ["FIFTHS", "METRICS", "Metric", "measure"]
