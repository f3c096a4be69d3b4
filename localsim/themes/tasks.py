"""Tasks: what a service's work consists of, what effort on it does, and what of it is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from localsim.errors import LocalsimError

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Tasks:
    """The J tasks of a service's work, as facts of the world (Holmström and Milgrom 1991).

    Effort is counted from an intrinsic level, given under any contract; in all it is never below
    nothing.

    Parameters
    ----------
    benefit
        What a unit of effort on each task is worth to those whom it serves, in the unit of cost.
    cost
        The matrix C (J by J, symmetric, positive definite) of the provider's cost ½·eᵀCe.
    noise
        Variance of the measure of each task, or their covariance matrix; `math.inf` (on its
        diagonal) for a task that cannot be measured.
    risk_aversion
        Of providers, zero or more.
    intrinsic
        Effort on each task that needs no contract, zero or more; one each by default.
    speed, success
        What a unit of effort on each task does: the fall of the logarithm of service time, and the
        rise of that of the chance of solving; nothing by default.

    Raises `LocalsimError` for numbers that cannot be.
    """

    benefit: Sequence[float]
    cost: Sequence[Sequence[float]]
    noise: Sequence[float] | Sequence[Sequence[float]]
    risk_aversion: float = 1.0
    intrinsic: Sequence[float] = ()
    speed: Sequence[float] = ()
    success: Sequence[float] = ()

    def __post_init__(self) -> None:
        benefit = _numbers("benefit", self.benefit, 1)
        count = benefit.size
        keep = {"benefit": benefit, "cost": _numbers("cost", self.cost, 2)}
        given = _array("noise", self.noise)
        keep["noise"] = np.diag(given) if given.ndim == 1 else given
        for name, usual in (("intrinsic", 1.0), ("speed", 0.0), ("success", 0.0)):
            told = getattr(self, name)
            given_none = isinstance(told, Sequence) and not told
            keep[name] = np.full(count, usual) if given_none else _numbers(name, told, 1)
        for name, array in keep.items():
            if array.shape != ((count,) if array.ndim == 1 else (count, count)):
                raise LocalsimError(
                    f"Tasks: benefit lists {count} tasks, and {name} has the shape {array.shape}."
                )
            object.__setattr__(self, name, _as_tuples(array))
        risk = float(_numbers("risk_aversion", [self.risk_aversion], 1)[0])
        if risk < 0.0 or (keep["intrinsic"] < 0.0).any():
            raise LocalsimError("Tasks: risk_aversion and intrinsic effort are zero or more.")
        object.__setattr__(self, "risk_aversion", risk)
        self._check_matrices(keep["cost"], keep["noise"])

    def _check_matrices(self, cost: Floats, noise: Floats) -> None:
        alike = np.allclose(cost, cost.T, rtol=1e-9, atol=0.0)
        if not alike or np.linalg.eigvalsh(cost).min() <= 0.0:
            raise LocalsimError(
                "Tasks: cost must be a symmetric matrix that is positive definite, so that every "
                f"effort costs something; {cost.tolist()} is not."
            )
        known = noise[np.ix_(self.measured, self.measured)]
        if not np.isfinite(known).all() or not np.allclose(known, known.T):
            raise LocalsimError(
                "Tasks: noise must be variances, or a symmetric matrix of covariances; "
                "math.inf stands on the diagonal, for what cannot be measured."
            )
        least = np.linalg.eigvalsh(known).min() if known.size else 0.0
        if least < -1e-9 * max(1.0, float(np.abs(known).max(initial=0.0))):
            raise LocalsimError(f"Tasks: no measures can vary together as {known.tolist()} has it.")

    def __len__(self) -> int:
        return len(self.benefit)

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Which tasks can be measured, bool[J]."""
        return np.isfinite(np.diagonal(np.array(self.noise, dtype=np.float64)))


def _array(name: str, given: Any) -> Floats:
    try:
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise LocalsimError(f"Tasks: {name} must be numbers, not {given!r}.") from None
    if array.ndim not in (1, 2) or array.size == 0 or np.isnan(array).any():
        raise LocalsimError(f"Tasks: {name} must be numbers, one or more, not {given!r}.")
    if (array == -math.inf).any():
        raise LocalsimError(f"Tasks: {name} cannot be minus infinity.")
    return array


def _numbers(name: str, given: Any, dimensions: int) -> Floats:
    array = _array(name, given)
    if array.ndim != dimensions or not np.isfinite(array).all():
        shape = "a list" if dimensions == 1 else "a matrix"
        raise LocalsimError(f"Tasks: {name} must be {shape} of finite numbers, not {given!r}.")
    return array


def _as_tuples(array: Floats) -> tuple[Any, ...]:
    if array.ndim == 1:
        return tuple(array.tolist())
    return tuple(tuple(row) for row in array.tolist())
