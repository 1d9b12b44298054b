"""`personapulse clv fit`: what it reads, what it says, and that it says what the papers say."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from personapulse.cli import application
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.simulate import simulate
from personapulse.convert.retail_lines import PAID, read_lines
from personapulse.errors import PersonaPulseError

CDNOW = os.environ.get("PERSONAPULSE_CDNOW", "")
needs_cdnow = pytest.mark.skipif(
    not CDNOW,
    reason="the CDNOW sample of 2,357 customers is no part of the product; name CDNOW_sample.txt (brucehardie.com; also"
    " in the package lifetimes) in PERSONAPULSE_CDNOW",
)
ONLINE_RETAIL = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
needs_online_retail = pytest.mark.skipif(
    not ONLINE_RETAIL.exists(),
    reason="the Online Retail file is not part of the product; it lies in ../shared/data",
)


def run(file: Path | str, *options: str) -> Result:
    return CliRunner().invoke(application, ["clv", "fit", str(file), *options])


def answer(file: Path | str, *options: str) -> dict[str, Any]:
    result = run(file, "--json", *options)
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refusal(file: Path | str, *options: str) -> str:
    error = run(file, *options).exception
    assert isinstance(error, PersonaPulseError), error
    return str(error)


def parameters(found: dict[str, Any], model: str) -> list[float]:
    return [one["value"] for one in found["models"][model]["parameters"].values()]


def transactions(customers: int = 80) -> pd.DataFrame:
    """Customer k buys on day k mod 20 and then every 5 + k mod 11 days, k mod 5 times more, in 2026."""
    rows = [
        (f"c{k}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=k % 20 + n * (5 + k % 11)), 10.0 + k % 7 + n)
        for k in range(customers)
        for n in range(k % 5 + 1)
    ]
    return pd.DataFrame(rows, columns=["customer_id", "date", "value"])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.csv"
    transactions().to_csv(file, index=False)
    return file


@needs_cdnow
def test_the_published_figures_of_cdnow_come_out() -> None:
    found = answer(
        CDNOW, "--customer", "2", "--date", "3", "--value", "5", "--unit", "weeks", "--calibration-end", "1997-09-30"
    )  # fmt: skip
    assert found["customers"] == 2357
    # Fader, Hardie, Lee (2005), table 2
    assert parameters(found, "BG/NBD") == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    assert found["models"]["BG/NBD"]["log_likelihood"] == pytest.approx(-9582.4, abs=0.05)
    # Fader, Hardie (2013), section 5
    assert parameters(found, "Gamma-Gamma") == pytest.approx([6.25, 3.74, 15.44], abs=6e-3)
    scores = {(score["method"], score["measure"]): score for score in found["backtest"]}
    model, naive = (scores[method, "purchases"] for method in ("bg_nbd_gamma_gamma", "naive_rate"))
    assert model["rmse"] < 0.75 * naive["rmse"]
    assert abs(model["total_error"]) < 0.15 < naive["total_error"]


@needs_online_retail
def test_online_retail_is_foretold_better_than_by_a_rate_but_for_its_autumn(tmp_path: Path) -> None:
    """Nine months to 31 August 2011 are seen; the shop's best season follows, which no model of customers can know."""
    lines = read_lines(ONLINE_RETAIL)
    paid = lines[lines["kind"].eq(PAID) & lines["user"].ne("")]
    assert (len(paid), paid["user"].nunique()) == (397_884, 4_338)
    file = tmp_path / "paid.parquet"
    pd.DataFrame({
        "customer": paid["user"], "date": paid["sold_at"], "value": paid["quantity"] * paid["price"],
    }).to_parquet(file)  # fmt: skip
    autumn = answer(file, "--calibration-end", "2011-08-31")
    summer = answer(file, "--calibration-end", "2011-05-31", "--horizon", "92")
    for found, error, correlation in ((autumn, 0.26, 0.78), (summer, 0.08, 0.78)):
        scores = {(score["method"], score["measure"]): score for score in found["backtest"]}
        model, naive, zero = (
            scores[method, "purchases"] for method in ("bg_nbd_gamma_gamma", "naive_rate", "all_zero")
        )  # fmt: skip
        assert abs(model["total_error"]) < min(error, abs(naive["total_error"]))
        assert model["correlation"] > max(correlation, naive["correlation"])
        assert model["rmse"] < zero["rmse"]


def test_a_log_says_parameters_totals_customers_and_backtest(log: Path) -> None:
    result = run(log, "--calibration-end", "2026-01-31", "--top", "2")
    assert result.exit_code == 0, result.exception
    words = result.stdout.split()
    for said in (
        "80",
        "customers",
        "2026-01-31,",
        "BG/NBD:",
        "Gamma-Gamma:",
        "alpha",
        "purchases",
        "naive_rate",
        "all_zero",
    ):
        assert said in words
    found = answer(log, "--calibration-end", "2026-01-31", "--top", "2")
    assert (found["end"], found["customers"], len(found["top"])) == ("2026-01-31", 80, 2)
    last = transactions()["date"].max()
    assert found["horizon"] == (last - pd.Timestamp("2026-01-31")).days
    assert found["top"][0]["value"] >= found["top"][1]["value"]
    (actual,) = {score["actual"] for score in found["backtest"] if score["measure"] == "purchases"}
    assert actual == (transactions()["date"] > "2026-01-31").sum()
    assert set(found["totals"]) == {"purchases", "value"}


def test_a_log_and_its_summary_give_the_same_fit(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    known = simulate(
        BgNbd(0.8, 30, 0.5, 2), GammaGamma(4, 4, 50), rng.integers(50, 300, 400).astype(np.float64), 0.0, rng, unit=7.0
    )
    h = known.histories
    end = pd.Timestamp("2026-06-30")
    rows = []
    for k in range(400):
        first = end - pd.Timedelta(days=h.age[k])
        repeats = int(h.frequency[k])
        days = np.round(np.linspace(h.recency[k] / max(repeats, 1), h.recency[k], repeats))
        rows += [(k, first + pd.Timedelta(days=day), h.mean_value[k]) for day in (0.0, *days)]
    frame = pd.DataFrame(rows, columns=["user_id", "order_date", "amount"])
    frame = pd.concat([frame, pd.DataFrame([(10**6, end, 1.0)], columns=frame.columns)])  # the log goes up to the end
    frame.to_csv(tmp_path / "log.csv", index=False)
    days = frame.groupby("user_id")["order_date"]
    counts = frame.drop_duplicates(["user_id", "order_date"]).groupby("user_id").size() - 1
    summary = pd.DataFrame({
        "frequency": counts,
        "recency": (days.max() - days.min()).dt.days,
        "T": (end - days.min()).dt.days,
        "monetary_value": frame.groupby("user_id")["amount"].mean(),
    })  # fmt: skip
    is_single = ~frame.duplicated(["user_id", "order_date"], keep=False).groupby(frame["user_id"]).any()
    summary = summary[is_single.loc[summary.index]]
    frame = frame[frame["user_id"].isin(summary.index)]
    frame.to_csv(tmp_path / "log.csv", index=False)
    summary.to_csv(tmp_path / "summary.csv", index=False)
    by_log, by_summary = answer(tmp_path / "log.csv"), answer(tmp_path / "summary.csv")
    for model in ("BG/NBD", "Gamma-Gamma"):
        assert parameters(by_log, model) == pytest.approx(parameters(by_summary, model), rel=1e-6)
    assert by_summary["backtest"] == []
    assert by_summary["end"] is None


def test_purchases_of_one_day_are_one_and_their_values_are_added(log: Path, tmp_path: Path) -> None:
    halves = pd.concat([transactions(), transactions()])
    halves["value"] /= 2
    halves.to_csv(tmp_path / "halves.csv", index=False)
    whole, split = answer(log), answer(tmp_path / "halves.csv")
    assert whole["models"] == split["models"]


def test_weeks_are_seven_days(log: Path) -> None:
    days, weeks = answer(log), answer(log, "--unit", "weeks")
    r, alpha = parameters(days, "BG/NBD")[:2]
    assert parameters(weeks, "BG/NBD")[:2] == pytest.approx([r, alpha / 7], rel=1e-4)
    assert weeks["horizon"] == pytest.approx(365 / 7)
    assert weeks["totals"]["value"]["expected"] == pytest.approx(days["totals"]["value"]["expected"], rel=1e-4)


def test_all_values_counts_the_first_purchase_in(log: Path) -> None:
    without, with_first = answer(log), answer(log, "--all-values")
    assert without["models"]["BG/NBD"] == with_first["models"]["BG/NBD"]
    assert parameters(without, "Gamma-Gamma") != parameters(with_first, "Gamma-Gamma")


def test_a_summary_without_values_tells_of_purchases_alone(tmp_path: Path) -> None:
    file = tmp_path / "summary.csv"
    file.write_text("x,t_x,T\n" + "\n".join(f"{k % 4},{min(k % 4, 1) * (5 + k % 9)},{30 + k % 5}" for k in range(80)))
    found = answer(file)
    assert list(found["models"]) == ["BG/NBD"]
    assert list(found["totals"]) == ["purchases"]
    result = run(file)
    assert (result.exit_code, "Gamma-Gamma" in result.stdout) == (0, False)


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "semicolon.csv", "blanks.txt", "compact dates.csv"])
def test_a_log_may_come_in_any_form(log: Path, tmp_path: Path, form: str) -> None:
    file, frame = tmp_path / f"other.{form}", transactions()
    options: tuple[str, ...] = ()
    if form == "csv.gz":
        file.write_bytes(gzip.compress(log.read_bytes()))
    elif form == "parquet":
        frame.to_parquet(file)
    elif form == "semicolon.csv":
        file.write_text("\ufeff" + log.read_text().replace(",", ";").replace("customer_id", "Customer_ID"))
    elif form == "blanks.txt":
        file.write_text("\n".join(f" {c}  {d:%Y%m%d}  {v:6.2f}" for c, d, v in frame.itertuples(index=False)))
        options = ("--customer", "1", "--date", "2", "--value", "3")
    else:
        file.write_text(
            "who,day,paid\n" + "\n".join(f"{c},{d:%Y-%m-%d 13:00:00},{v}" for c, d, v in frame.itertuples(index=False))
        )
        options = ("--customer", "who", "--value", "paid")
    assert answer(file, *options)["models"] == answer(log)["models"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c1,2026-13-01,5", r"line 4, column 'date': '2026-13-01' is no date \(YYYY-MM-DD or YYYYMMDD\)"),
        ("c1,01/02/2026,5", "line 4, column 'date': '01/02/2026' is no date"),
        ("c1,2026-01-01,five", "line 4, column 'value': 'five' is no number"),
        ("c1,2026-01-01,", "line 4, column 'value': '' is no number"),
        ("c1,2026-01-01,nan", "line 4, column 'value': 'nan' is no number"),
        ("c1,2026-01-01,-5", "line 4, column 'value': '-5' is below 0: leave returns and refunds out"),
        (",2026-01-01,5", "line 4, column 'customer_id': '' is empty"),
        ("c1,2026-01-01,5,6", "line 4"),
    ],
)
def test_a_bad_value_is_named_with_file_line_and_column(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(f"customer_id,date,value\nc1,2026-01-01,5\nc2,2026-01-01,5\n{line}\nc9,2026-01-05,x\n")
    said = refusal(file)
    assert said.startswith(str(file))
    assert pd.Series([said]).str.contains(message).all(), said


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", (), "cannot be read"),
        ("customer,date,value\n", (), "holds no row"),
        ("customer,when,value\na,2026-01-01,1\n", (), "no column for date: none of customer, when, value is called"),
        ("customer,when,value\na,2026-01-01,1\n", ("--date", "day"), "no column 'day'; it has: customer, when, value"),
        ("a,2026-01-01,1\n", ("--customer", "1", "--date", "x"), "all by position, or all by name"),
        ("customer,date,value\na,2026-01-01,1\n", (), "only 1 buyers; BG/NBD needs 50"),
        ("customer,date,value\na,2026-01-01,1\n", ("--calibration-end", "2025-01-01"), "nobody bought up to 2025"),
        ("customer,date,value\na,2026-01-01,1\n", ("--calibration-end", "2027-01-01"), "after the last transaction"),
        ("x,t_x,T\n1,2,3\n", ("--calibration-end", "2027-01-01"), "a summary has no dates to split"),
        ("x,t_x,T\n1,2,3\n1,9,3\n", (), "line 3: T 3 is shorter than the recency 9"),
        ("x,t_x,T\n1,2,3\n1.5,2,3\n", (), "line 3: frequency 1.5 is no count"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, options: tuple[str, ...], message: str) -> None:
    file = tmp_path / "file.csv"
    file.write_text(text)
    assert message in refusal(file, *options)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    assert "nowhere.csv cannot be read" in refusal(tmp_path / "nowhere.csv")
    (tmp_path / "latin.csv").write_bytes("customer,date,value\nMüller,2026-01-01,1\n".encode("latin-1"))
    assert "latin.csv cannot be read" in refusal(tmp_path / "latin.csv")
    (tmp_path / "no.parquet").write_bytes(b"PAR1 or so")
    assert "no.parquet cannot be read" in refusal(tmp_path / "no.parquet")


def test_a_year_foretold_from_weeks_comes_with_a_warning(tmp_path: Path) -> None:
    frame = transactions()
    frame[frame["date"] < "2026-01-20"].to_csv(tmp_path / "young.csv", index=False)
    result = run(tmp_path / "young.csv")
    assert result.exit_code == 0, result.exception
    assert "Careful: the data leave the purchases of the next 12 months open" in result.stdout
