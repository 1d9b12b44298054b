"""Why a customer is likelier, or less likely, to buy than others: the features that move the forest most."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from personapulse.intent.arrays import Floats, Integers, Matrix
from personapulse.intent.drift import Distribution
from personapulse.intent.features import Feature
from personapulse.intent.rules import short

SAMPLE = 500  # customers over whom an effect is averaged
LEAST_EFFECT = 0.2  # in log-odds, five points of a hundred at even odds: less is no reason
NONE = 0  # code of no reason
CERTAIN = 1e-3  # probabilities are kept this far from 0 and 1: log-odds have no end


@dataclass(frozen=True, eq=False)
class Reasons:
    """What each bin of each feature does to the forest's answer, and how people say it.

    The effect of a bin is a partial dependence (Friedman, Greedy Function Approximation, 2001, section 8.2): the mean
    log-odds the model gives to a sample of customers when this one number is replaced by the bin's middle, less the
    same averaged over all bins. It says what the model does with a number by itself, on average; what numbers do
    together is not in it, and neither is what makes people buy.

    Parameters
    ----------
    effects : tuple of array of shape (bins,), float32
        Per feature, in log-odds.
    codes : tuple of array of shape (bins,)
        Per feature, places in `texts`.
    texts : tuple of str
        What is said; the first is empty: no reason.
    """

    effects: tuple[Matrix, ...]
    codes: tuple[Integers, ...]
    texts: tuple[str, ...]

    def most(self, matrix: Matrix, spread: Sequence[Distribution], is_above: Floats, top: int) -> Integers:
        """Return codes of the `top` reasons of each row, of shape (rows, top), the strongest first.

        Parameters
        ----------
        matrix : array of shape (rows, features)
            As encoded.
        spread : sequence of Distribution
            The bins.
        is_above : array of shape (rows,)
            1 where reasons to buy are asked for, -1 where reasons not to.
        """
        told = [n for n, effect in enumerate(self.effects) if np.abs(effect).max() >= LEAST_EFFECT]
        rows = np.arange(len(matrix))
        effects = np.full((len(matrix), max(len(told), 1)), -np.inf, np.float32)
        codes = np.zeros_like(effects, dtype=np.int64)
        for place, n in enumerate(told):
            bins = spread[n].places(np.ascontiguousarray(matrix[:, n]))
            effects[:, place] = self.effects[n][bins]
            codes[:, place] = self.codes[n][bins]
        effects *= is_above.astype(np.float32)[:, np.newaxis]
        found = np.zeros((len(matrix), top), np.int64)
        for place in range(min(top, len(told))):
            strongest = effects.argmax(axis=1)
            found[:, place] = np.where(effects[rows, strongest] >= LEAST_EFFECT, codes[rows, strongest], NONE)
            effects[rows, strongest] = -np.inf
        return found


def learn(
    features: Sequence[Feature],
    categories: dict[str, list[str]],
    spread: Sequence[Distribution],
    sample: Matrix,
    probability: Callable[[Matrix], Floats],
) -> Reasons:
    """Ask the model what it would say of a sample if one number were another.

    Parameters
    ----------
    features : sequence of Feature
        With their words.
    categories : dict of str to list of str
        By rank, per category feature.
    spread : sequence of Distribution
        Per feature.
    sample : array of shape (rows, features)
        Customers as encoded.
    probability : callable
        The model: from a matrix to probabilities.
    """
    effects = tuple(_effect(sample, n, bins, probability) for n, bins in enumerate(spread))
    texts, codes = [""], []
    for feature, bins, effect in zip(features, spread, effects, strict=True):
        said = _words(feature, categories.get(feature.name, []), bins, effect)
        codes.append(len(texts) + np.arange(len(said)))
        texts += said
    return Reasons(effects, tuple(codes), tuple(texts))


def _effect(sample: Matrix, column: int, bins: Distribution, probability: Callable[[Matrix], Floats]) -> Matrix:
    """Effect of each bin; 0 of bins without a row, of which training says nothing."""
    effect = np.zeros(len(bins.shares), np.float64)
    used = np.flatnonzero(bins.shares > 0)
    asked = np.repeat(sample[np.newaxis], len(used), axis=0)
    asked[:, :, column] = bins.middles[used, np.newaxis]
    answers = np.clip(probability(asked.reshape(-1, sample.shape[1])), CERTAIN, 1 - CERTAIN)
    odds = np.log(answers / (1 - answers)).reshape(len(used), -1).mean(axis=1)
    effect[used] = odds - bins.shares[used] @ odds
    return effect.astype(np.float32)


def _words(feature: Feature, categories: Sequence[str], bins: Distribution, effect: Matrix) -> list[str]:
    """Say what is so of a customer in each bin; the last bin holds those of whom the feature is not known."""
    missing = feature.missing or f"{feature.label}: not known"
    if feature.kind == "category":
        named = [feature.more.replace("{value}", categories[int(rank)]) for rank in bins.middles[:-1] if rank >= 0]
        return [*named, *[missing] * (len(bins.shares) - len(named))]
    return [*(_level(feature, bins, effect, n) for n in range(len(bins.edges) + 1)), missing]


def _level(feature: Feature, bins: Distribution, effect: Matrix, n: int) -> str:
    """Say whether a bin is above or below what is usual; where that would mislead, between which numbers it lies.

    It would where the effect of a number turns: "came lately" is no reason against a purchase, but having come 6 days
    ago, which is a little less than usual, may be one.
    """
    known, effects = bins.shares[:-1] / max(bins.shares[:-1].sum(), 1e-12), effect[:-1]
    ranks = np.cumsum(known) - known / 2  # share of customers below the middle of each bin
    is_more = ranks[n] > 0.5
    does_rise = known @ ((ranks - 0.5) * effects) > 0
    if (effects[n] > 0) == (is_more == does_rise):
        return feature.more if is_more else feature.less
    if n == 0:
        return f"{feature.label} at most {short(bins.edges[0])}" if len(bins.edges) else feature.less
    above = f"{feature.label} above {short(bins.edges[n - 1])}"
    return above if n == len(bins.edges) else f"{above}, at most {short(bins.edges[n])}"
