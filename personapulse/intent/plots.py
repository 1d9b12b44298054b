"""Pictures of a model's measurements: PNG files for the model card, the alert and the notebook."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from personapulse.intent.importance import EVERYBODY

INK, QUIET, BLUE, PALE, ORANGE = "#1e293b", "#475569", "#1d4e89", "#c7d7ea", "#b45309"
MOST_FEATURES = 12
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.use_locale": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "grid.color": "#e2e8f0",
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
}


def draw(measurements: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Draw all pictures of a model into a folder.

    Parameters
    ----------
    measurements : mapping
        Of `evaluation.evaluate`.
    folder : Path
        Made if it is not there; pictures of the same names are replaced.

    Returns
    -------
    dict of str to Path
        `calibration`, `pr_curve`, `confusion`, `importances`. The same measurements give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.png" for name in PICTURES}
    for name, file in files.items():
        figure(name, measurements).savefig(file, dpi=120, metadata={"Software": None})
    return files


def figure(name: str, measurements: Mapping[str, Any]) -> Figure:
    """Draw one picture, for a notebook; names are those of `PICTURES`."""
    with matplotlib.rc_context(_STYLE):
        drawing = Figure(
            figsize=(6.4, 4.4), layout="constrained"
        )  # without pyplot: nothing to close, no display needed
        PICTURES[name](drawing.subplots(), measurements)
        return drawing


def calibration(axes: Axes, measurements: Mapping[str, Any]) -> None:
    """Draw what was told against what came, per tenth of customers."""
    curve = measurements["calibration_curve"]
    told, came = [point["told"] for point in curve], [point["came"] for point in curve]
    reach = [[p["came"] - p["low"] for p in curve], [p["high"] - p["came"] for p in curve]]
    axes.plot([0, 1], [0, 1], color=QUIET, lw=1, ls="--", label="told = came")
    axes.errorbar(
        told, came, yerr=reach, color=BLUE, marker="o", ms=5, lw=1.5, capsize=3, label="tenths, 95 % interval"
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="probability told", ylabel="share that bought")
    axes.set_title(f"Calibration: error {_text(measurements['calibration_error'])}")
    axes.grid()
    axes.legend(frameon=False, loc="upper left")


def pr_curve(axes: Axes, measurements: Mapping[str, Any]) -> None:
    """Draw how many of the likeliest customers bought, the further down the list one goes."""
    points, rate = measurements["pr_curve"], measurements["base_rate"]["value"]
    recall, precision = [point["recall"] for point in points], [point["precision"] for point in points]
    axes.plot(recall, precision, color=BLUE, lw=2, label="model")
    axes.axhline(rate, color=QUIET, lw=1, ls="--", label=f"by lot: {rate:.2f}")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="share of buyers found", ylabel="share of the list that bought")
    axes.set_title(f"Precision and recall: PR-AUC {_text(measurements['pr_auc'])}")
    axes.grid()
    axes.legend(frameon=False, loc="lower left")


def confusion(axes: Axes, measurements: Mapping[str, Any]) -> None:
    """Draw customers by what was said and what came."""
    counts = measurements["confusion"]
    rows = [
        [counts["told_and_bought"], counts["not_told_but_bought"]],
        [counts["told_but_did_not"], counts["not_told_and_did_not"]],
    ]
    total = max(sum(map(sum, rows)), 1)
    for row, numbers in enumerate(rows):
        for column, count in enumerate(numbers):
            is_right = row == column
            axes.fill_between(
                [column, column + 1], row, row + 1, color=PALE if is_right else "#fbe7d3", ec="white", lw=3
            )
            text = f"{count}\n{count / total:.1%}"
            axes.text(
                column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=13, color=BLUE if is_right else ORANGE
            )
    axes.set(xlim=(0, 2), ylim=(2, 0), xlabel="what the model said (0.5 and more: will buy)", ylabel="what came")
    axes.set_xticks([0.5, 1.5], ["will buy", "will not"])
    axes.set_yticks([0.5, 1.5], ["bought", "did not"])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(f"Said and came: accuracy {_text(measurements['accuracy'])}")


def importances(axes: Axes, measurements: Mapping[str, Any]) -> None:
    """Draw how much worse the Brier score gets when a feature is mixed up, the twelve that matter most."""
    most = measurements["importance"][EVERYBODY][:MOST_FEATURES]
    values, errors = [one["value"] for one in most], [2 * one["error"] for one in most]
    axes.barh(range(len(most)), values, xerr=errors, color=BLUE, height=0.65, error_kw={"ecolor": ORANGE, "capsize": 2})
    axes.set_yticks(range(len(most)), [one["label"] for one in most])
    axes.set_ylim(len(most) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("rise of the Brier score when mixed up (2 standard errors)")
    axes.set_title("What the model lives on")
    axes.grid(axis="x")


PICTURES: Mapping[str, Callable[[Axes, Mapping[str, Any]], None]] = {
    "calibration": calibration,
    "pr_curve": pr_curve,
    "confusion": confusion,
    "importances": importances,
}


def _text(estimate: Mapping[str, Any]) -> str:
    """Write a number with its interval."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else "")
