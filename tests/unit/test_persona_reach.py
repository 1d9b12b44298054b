"""A rule that can name nobody is refused, with the reason; any other is let pass."""

import itertools
import random
from pathlib import Path

import duckdb
import pytest
import yaml

from personapulse.errors import PersonaPulseError
from personapulse.personas import load_rule_sets, reading
from personapulse.personas.columns import Column
from personapulse.personas.conditions import Scope, parse
from personapulse.personas.linear import Bound, Linear, is_solvable
from personapulse.personas.reach import Goal, Solver

COLUMNS = {
    name: Column(name, kind, is_optional=kind != "count")
    for name, kind in {"paid_orders": "count", "views": "amount", "return_rate": "share", "gender": "text"}.items()
}
MANY = {"meaning": "m", "of": "views", "quantile": 0.5, "among": "paid_orders > 0"}
FEW = MANY | {"quantile": 0.2}


def load(tmp_path: Path, *whens: str, thresholds: dict[str, object] | None = None) -> None:
    names = "ABCDE"
    body = {
        "description": "d",
        "thresholds": thresholds or {},
        "rules": [
            {"persona": names[n], "when": when, "description": "d", "action": "a"} for n, when in enumerate(whens)
        ],
        "otherwise": {"persona": "Others", "description": "d", "action": "a"},
    }
    file = tmp_path / "personas.yaml"
    file.write_text(yaml.safe_dump({"mine": body}))
    load_rule_sets(file, COLUMNS)


@pytest.mark.parametrize(
    ("whens", "message"),
    [
        (["views > 5", "views > 9"], "rule 'B' can name nobody: whoever it matches (views > 9) is taken before by 'A'"),
        (["views > 5", "views <= 5", "views > 1 and gender = 'f'"], "by 'A' (views > 5) and 'B' (views <= 5)"),
        (["paid_orders > 3", "gender = 'f'", "paid_orders = 4"], "taken before by 'A' (paid_orders > 3). Move it up"),
        (["true", "views > 9"], "is taken before by 'A' (TRUE)"),
        (["views between 1 and 9", "views in (3, 4)"], "taken before by 'A' (views BETWEEN 1 AND 9)"),
        (["gender in ('f', 'm')", "gender = 'm'"], "rule 'B' can name nobody"),
        (["not (views > 5 or views is null)", "views = 3"], "rule 'B' can name nobody"),
        (["2 * views >= paid_orders", "paid_orders - 2 * views < 0"], "rule 'B' can name nobody"),
        (["views < 3", "views < 2 and return_rate > 0.5"], "rule 'B' can name nobody"),
        (["views > 5 and views < 3"], "rule 'A' can never be true: views > 5 and views < 3 exclude each other"),
        (["paid_orders > 3 and paid_orders < 4"], "exclude each other"),  # no whole number is between
        (["paid_orders < 0"], "rule 'A' can never be true: paid_orders < 0 holds for nobody"),
        (["paid_orders is null"], "holds for nobody"),
        (["return_rate > 1"], "holds for nobody"),
        (["views = null"], "holds for nobody"),
        (["false"], "holds for nobody"),
        (["gender = 'f' and gender = 'm'"], "exclude each other"),
        (["views is null and views > 3"], "exclude each other"),
        (["views > 3", "views > paid_orders and paid_orders > 2.5 and views < 3.5"], "rule 'B' can name nobody"),
    ],
)  # fmt: skip
def test_a_rule_that_can_name_nobody_is_refused_with_the_reason(tmp_path: Path, whens: list[str], message: str) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        load(tmp_path, *whens)
    assert message in str(refused.value)
    assert str(refused.value).startswith("personas.yaml: mine: rule ")


@pytest.mark.parametrize(
    "whens",
    [
        ["views > 5", "views >= 5"],
        ["views > 5", "views <= 5", "gender = 'f'"],  # of whom no view is recorded
        ["paid_orders > 3", "paid_orders > 2"],
        ["views > 3", "views > 2.5"],  # an amount may lie between
        ["gender like 'f%'", "gender = 'f'"],  # not understood: let pass
        ["views * paid_orders > 4", "views > 4 and paid_orders > 4"],  # the same
        ["coalesce(views, 0) = 0", "views = 0"],  # the same
        ["gender <> 'f'", "gender = 'f'", "gender is null"],
        ["gender > 'a'", "gender < 'a'"],
        ["views / paid_orders > 1", "views > paid_orders"],
    ],
)
def test_a_rule_that_can_name_somebody_passes(tmp_path: Path, whens: list[str]) -> None:
    load(tmp_path, *whens)


def test_thresholds_of_the_same_column_stand_in_the_order_of_their_quantiles(tmp_path: Path) -> None:
    thresholds = {"few": FEW, "many": MANY}
    load(tmp_path, "views < few", "views < many", thresholds=thresholds)
    with pytest.raises(PersonaPulseError, match="rule 'B' can name nobody"):
        load(tmp_path, "views < many", "views < few", thresholds=thresholds)
    with pytest.raises(PersonaPulseError, match="views < few and views > many exclude each other"):
        load(tmp_path, "views < few and views > many", thresholds=thresholds)
    # of other customers, they may stand in any order
    load(tmp_path, "views < many", "views < few", thresholds=thresholds | {"few": FEW | {"among": "paid_orders > 1"}})


def test_a_fixed_threshold_is_the_number_it_is(tmp_path: Path) -> None:
    with pytest.raises(PersonaPulseError, match="rule 'B' can name nobody"):
        load(tmp_path, "views > 2", "views > three", thresholds={"three": {"meaning": "m", "value": 3}})


def test_what_is_null_for_sure_is_known() -> None:
    with pytest.raises(PersonaPulseError, match=r"paid_orders = 0 and return_rate > 0\.5 exclude"):
        _possible_in_the_profile("paid_orders = 0 and return_rate > 0.5")
    _possible_in_the_profile("paid_orders = 1 and return_rate > 0.5")


def _possible_in_the_profile(when: str) -> None:
    """Try a rule over the real profile."""
    body = {"description": "d", "rules": [{"persona": "A", "when": when, "description": "d", "action": "a"}],
            "otherwise": {"persona": "Others", "description": "d", "action": "a"}}  # fmt: skip
    reading._rule_set("mine", body, reading.profile_columns(), "personas.yaml: mine")


NUMBERS = {"a": "count", "b": "count", "c": "amount"}
SCOPE = Scope({name: Column(name, kind, is_optional=True) for name, kind in NUMBERS.items()}, {})
# every number that the drawn comparisons can tell apart, and null
GRID = {"a": [None, 0, 1, 2, 3, 4, 5], "b": [None, 0, 1, 2, 3, 4, 5],
        "c": [None, *(n / 4 for n in range(21))]}  # fmt: skip


def _drawn(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.3:
        left = chance.choice("abc")
        if chance.random() < 0.2:
            values = f"({chance.randint(1, 3)}, {chance.randint(1, 3)})"
            return f"{left} {chance.choice(['', 'not '])}in {values}"
        if chance.random() < 0.2:
            return f"{left} {chance.choice(['', 'not '])}between {chance.randint(1, 3)} and {chance.randint(1, 3)}"
        if chance.random() < 0.2:
            return f"{left} is {chance.choice(['', 'not '])}null"
        right = chance.choice([*"abc", "1", "2", "3", "a - 1", "b + c - b", "-c + 3"])
        return f"{left} {chance.choice(['<', '<=', '>', '>=', '=', '<>'])} {right}"
    joined = f"({_drawn(chance, depth - 1)} {chance.choice(['and', 'or'])} {_drawn(chance, depth - 1)})"
    return f"not {joined}" if chance.random() < 0.25 else joined


def test_reachability_is_what_trying_every_customer_finds() -> None:
    """The solver and DuckDB, over all combinations of representative values, agree on random conditions."""
    grid = duckdb.connect()
    columns = ", ".join(f"{name} double" for name in NUMBERS)
    grid.execute(f"create table grid ({columns})")
    grid.executemany("insert into grid values (?, ?, ?)", list(itertools.product(*GRID.values())))
    chance, found = random.Random(1), {True: 0, False: 0}
    for _ in range(250):
        rule, earlier = _drawn(chance, 2), [_drawn(chance, 2) for _ in range(chance.randint(0, 2))]
        others = "".join(f" and ({one}) is not true" for one in earlier)
        rows = grid.execute(f"select count(*) from grid where ({rule}){others}").fetchall()
        trees = [parse(text, SCOPE, "drawn") for text in (rule, *earlier)]
        goals = [Goal(trees[0], "true"), *(Goal(tree, "not true") for tree in trees[1:])]
        is_possible = Solver(SCOPE, trees).is_possible(goals)
        assert is_possible == (rows[0][0] > 0), (rule, earlier)
        found[is_possible] += 1
    assert min(found.values()) > 25  # both answers were asked for


def test_a_system_of_bounds_is_solved_exactly() -> None:
    x, y = Linear.of("x"), Linear.of("y")
    below = Bound(x.plus(y, -1), is_strict=True)  # x < y
    above = Bound(y.plus(x, -1), is_strict=False)  # y <= x
    assert is_solvable([below])
    assert not is_solvable([below, above])
    assert is_solvable([above, Bound(x.plus(y, -1), is_strict=False)])  # x = y
    third = Linear.of("x", -1).times(3)
    assert is_solvable([Bound(third, is_strict=False), Bound(third.times(-1), is_strict=False)])
    assert not is_solvable([Bound(third, is_strict=False), Bound(third.times(-1), is_strict=True)])
