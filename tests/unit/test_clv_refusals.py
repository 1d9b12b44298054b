"""What the models of predicted lifetime value refuse, with what is lacking or where it stands."""

import numpy as np
import pytest
from scipy import stats

from personapulse.clv import gamma_gamma
from personapulse.clv.fitting import fit
from personapulse.clv.histories import Histories
from personapulse.errors import PersonaPulseError


def flat(n: int, frequency: float = 0, age: float = 100.0, value: float = 5.0) -> Histories:
    recency = np.full(n, 10.0 if frequency else 0.0)
    return Histories(np.full(n, frequency), recency, np.full(n, age), np.full(n, frequency + 1), np.full(n, value))


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        (flat(49, 1), "only 49 buyers; BG/NBD needs 50"),
        (flat(60), "only 0 buyers came back; BG/NBD needs 10"),
        (flat(60, 1), "every purchase is worth 5; Gamma-Gamma needs differences"),
        (flat(60, 1, value=0.0), "only 0 buyers whose purchases have a worth; Gamma-Gamma needs 10"),
    ],
)
def test_data_that_say_nothing_are_refused_with_what_they_lack(histories: Histories, message: str) -> None:
    with pytest.raises(PersonaPulseError, match=message):
        fit(histories)


def test_customers_who_always_pay_the_same_are_the_limit_of_a_large_p() -> None:
    orders = np.random.default_rng(4).permutation(200) % 8 + 1.0
    mean_value = 20 / stats.gamma(20, scale=0.05).ppf((np.arange(200) + 0.5) / 200)
    found, top = gamma_gamma.fit(Histories(orders - 1, orders, orders, orders, mean_value))
    assert top.is_open.tolist() == [True, False, True]
    assert found.expected_value(orders, mean_value) == pytest.approx(mean_value, rel=1e-3)


def test_spending_without_a_mean_is_refused() -> None:
    rng = np.random.default_rng(1)
    nu = rng.gamma(0.5, 1.0, 5_000)
    values = rng.gamma(2.0, 1.0, 5_000) / nu
    histories = Histories(np.ones(5_000), np.ones(5_000), np.full(5_000, 2.0), np.ones(5_000), values)
    with pytest.raises(PersonaPulseError, match=r"so unlike amounts \(q = 0\.[45].\) that they have no mean"):
        gamma_gamma.fit(histories)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1.5, 1, 2, 1, 1), "frequency 1.5 is no count"),
        ((-1, 1, 2, 1, 1), "frequency -1 is no count"),
        ((1, -1, 2, 1, 1), "recency -1 is below 0"),
        ((1, 3, 2, 1, 1), "T 2 is shorter than the recency 3"),
        ((0, 1, 2, 1, 1), "recency 1 without a repeat purchase"),
        ((1, 1, 2, 1, -1), "value -1 is below 0"),
        ((1, 1, np.inf, 1, 1), "not finite"),
        ((1, 1, np.nan, 1, 1), "T nan"),
    ],
)
def test_what_cannot_be_a_history_is_named_with_its_place(row: tuple[float, ...], message: str) -> None:
    histories = Histories(*np.array([(1.0, 1, 2, 1, 1), row], dtype=np.float64).T)
    with pytest.raises(PersonaPulseError, match=f"row 1: .*{message}"):
        histories.check()
