"""The top of a log-likelihood of positive parameters, and how sharp it is there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from personapulse.clv.arrays import Flags, Floats
from personapulse.errors import PersonaPulseError

GRADIENT = 1e-9  # of the mean log-likelihood, by a parameter's logarithm, at which the climb ends
CLOSE = 1e-3  # of log-likelihood, from the top: no parameter is then off by a twentieth of its standard error
STEPS = 200
FLAT = 1e-9  # curvature of the mean log-likelihood below which the data say nothing of a direction
SLIGHT = 1e-4  # part of a parameter in a flat direction that may be passed over
EDGE = (1e-5, 1e6)  # a parameter beyond is as good as 0 or infinite: the model has become a simpler one

Evaluation = tuple[float, Floats, Floats]


@dataclass(frozen=True)
class Maximum:
    """Where a log-likelihood is largest.

    Parameters
    ----------
    parameters : array of shape (k,)
        Positive.
    log_likelihood : float
        Summed over customers.
    covariance : array of shape (k, k)
        Of the parameters' logarithms: the inverse of the observed information, without directions that are flat.
    is_open : array of bool, shape (k,)
        Which parameters the data leave open: they ran off towards 0 or infinity, where nothing changes any more.
    """

    parameters: Floats
    log_likelihood: float
    covariance: Floats
    is_open: Flags

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the parameters themselves; not a number where one is left open."""
        errors = self.parameters * np.sqrt(np.diag(self.covariance))
        return np.where(self.is_open, np.nan, errors)


def maximise(evaluate: Callable[[Floats], Evaluation], start: Floats, customers: float, what: str) -> Maximum:
    """Climb to the top by a trust-region Newton method, in the parameters' logarithms.

    A parameter that wants to be 0 or infinite (customers who never drop out, customers who are all alike) goes so far
    that nothing changes any more; the model has then become its simpler limit, and says so in `is_open`.

    Parameters
    ----------
    evaluate : callable
        Takes positive parameters of shape (k,); gives the log-likelihood, its gradient and its Hessian by them.
    start : array of shape (k,)
        Positive.
    customers : float
        How many the log-likelihood sums.
    what : str
        Name of the model, for messages.

    Raises
    ------
    PersonaPulseError
        If no top is found.
    """
    seen: dict[bytes, Evaluation] = {}

    def mean_cost(logs: Floats) -> Evaluation:
        """Turn the log-likelihood upside down, per customer and by logarithms."""
        key = logs.tobytes()
        if key not in seen:
            seen.clear()
            parameters = np.exp(logs)
            value, gradient, hessian = evaluate(parameters)
            slope = parameters * gradient
            curvature = hessian * np.outer(parameters, parameters) + np.diag(slope)
            seen[key] = (-value / customers, -slope / customers, -curvature / customers)
        return seen[key]

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = optimize.minimize(
            lambda logs: mean_cost(logs)[:2],
            np.log(start),
            jac=True,
            hess=lambda logs: mean_cost(logs)[2],
            method="trust-exact",
            options={"gtol": GRADIENT, "maxiter": STEPS, "initial_trust_radius": 1.0, "max_trust_radius": 4.0},
        )
    logs = np.asarray(found.x)
    value, slope, curvature = mean_cost(logs)
    inverse, is_open = _inverse(curvature)
    # close to the top rounding may hide the last progress; what matters is how much further up there is to go
    if not customers * slope @ inverse @ slope / 2 <= CLOSE:  # also where it is no number
        raise PersonaPulseError(
            f"{what} did not converge after {found.nit} steps (at {_listed(np.exp(logs))}). Look at "
            "the data: histories in mixed units, or a few customers with thousands of purchases, are the usual cause."
        )
    parameters = np.exp(logs)
    is_open |= (parameters < EDGE[0]) | (parameters > EDGE[1])
    return Maximum(parameters, -value * customers, inverse / customers, is_open)


def _inverse(information: Floats) -> tuple[Floats, Flags]:
    """Invert without the directions in which nothing changes: nothing that is predicted depends on them.

    Also tells which parameters have a part in such a direction.
    """
    values, vectors = np.linalg.eigh(information)
    steep = values > FLAT
    inverse = (vectors[:, steep] / values[steep]) @ vectors[:, steep].T
    return inverse, (vectors[:, ~steep] ** 2).sum(axis=1) > SLIGHT


def _listed(parameters: Floats) -> str:
    return ", ".join(f"{value:.4g}" for value in parameters)
