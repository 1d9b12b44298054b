"""The report: figures a reader can add up, and sentences where there is nothing to draw."""

import datetime
import re
from collections import Counter
from html import unescape
from pathlib import Path

import pytest
import yaml

from personapulse import checks, marts
from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL
from personapulse.personas import load_rule_sets
from personapulse.report import write_report
from personapulse.settings import ShopSettings

from .conftest import Shop, date
from .html_page import Page

DAY = "2026-03-20"
SHOP = ShopSettings(name="Quill & <Ink> $1$", currency="GBP", time_zone="Europe/London")
ORDERS = """order_id,user_id,order_date,payment_status,product_id,amount
            o1,ann,2026-01-05,Paid,pen,1000.00
            o2,ann,2026-03-02,Paid,ink,234.50
            o3,bob,2026-02-10,Paid,pen,20.00
            o4,cid,2026-03-20,Paid,pen,60.00
            o5,dan,2026-03-20,Failed,pen,5.00"""
USERS = "user_id,signup_date\nann,2026-01-01\nbob,2026-01-01\ncid,2026-01-01\ndan,2026-01-01\neve,2026-01-01"
RETURNS = "order_id,user_id,returned_at,amount\no2,ann,2026-03-10,34.50"


def page(shop: Shop, tmp_path: Path, day: str = DAY, settings: ShopSettings = SHOP) -> Page:
    return Page(write_report(shop.warehouse, date(day), tmp_path / "out", settings).read_text(encoding="utf-8"))


def deliver(shop: Shop, day: str, **files: str) -> None:
    """Deliver a day whose orders are in the simple form, one line each."""
    shop.deliver(day, **files)
    (shop.folder / day / "order_items.csv").unlink()


def small_shop(shop: Shop, **files: str) -> None:
    """Three buyers, four paid orders in three months, one return; too few for scores."""
    deliver(shop, DAY, **{"orders": ORDERS, "users": USERS, "returns": RETURNS, **files})
    shop.load(DAY)
    shop.build(DAY)


def busy_shop(shop: Shop) -> None:
    """Sixty buyers with 1 to 3 orders since January, so that March has cuts and scores; Eve has never bought."""
    lines = [
        f"o{n}_{k},u{n:02},{date('2026-01-01') + datetime.timedelta(n % 50 + 9 * k)},Paid,pen,{10 + n * k}"
        for n in range(60)
        for k in range(1 + n % 3)
    ]
    deliver(shop, "2026-02-28", orders="\n".join([ORDERS.splitlines()[0], *lines]), users="user_id\neve")
    shop.deliver(DAY)
    shop.load("2026-02-28", DAY)
    shop.build(DAY)


def test_key_figures_add_up_and_are_explained_by_the_marts_dictionary(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    cards = re.findall(r'label">(.*?)</span>\s*<span class="value">(.*?)</span>', page(shop, tmp_path).html)
    assert cards == [
        ("Customers", "5"),
        ("Buyers", "3"),
        ("Paid orders", "4"),
        ("Gross revenue, GBP", "1\u202f314.50"),
        ("Returns, GBP", "34.50"),
        ("Net revenue, GBP", "1\u202f280.00"),
        ("Average order value, GBP", "328.62"),
        ("Repeat rate", "33.3\u00a0%"),
    ]
    meaning = yaml.safe_load((SQL / "marts" / "kpi_daily.yml").read_text())["columns"]["buyers_to_date"]
    assert meaning in page(shop, tmp_path).text


def test_the_header_names_shop_day_and_what_was_known_and_escapes_them(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    shown = page(shop, tmp_path)
    assert "<h1>Quill &amp; &lt;Ink&gt; $1$</h1>" in shown.html
    assert "as of 2026-03-20: what was known that night" in shown.text
    assert "midnight to midnight in Europe/London" in shown.text


def test_insights_are_told_with_what_they_rest_on_and_the_others_with_why_not(shop: Shop, tmp_path: Path) -> None:
    busy_shop(shop)
    shop.warehouse.execute(
        "update marts.insights set (status, rank, subject, sentence, p_value, adjusted_p_value, test, sample_size)"
        " = ('said', 1, 'Loyalist', 'Loyalists <3 us.', 0.01, 0.04, 'coin', 77) where kind = 'highest_value'"
    )
    shown = page(shop, tmp_path)
    assert "Loyalists &lt;3 us." in shown.html
    assert "Coin, p = 0.040 after all tests of the day; n = 77; personas of fewer than 20 customers" in shown.text
    others = shop.rows("select kind, sentence from marts.insights where status = 'not said'")
    assert f"{len(others)}\xa0more questions asked, and why nothing is said on them" in unescape(shown.html)
    for kind, sentence in others:
        question = kind.replace("_", " ").capitalize()
        assert f"<b>{question}</b>: {sentence.removeprefix('Not said, ')}" in unescape(shown.html)
    shop.warehouse.execute("update marts.insights set status = 'not said', rank = null")
    assert "Nothing yet that holds beyond chance." in page(shop, tmp_path).text


def test_months_are_listed_without_gaps_and_the_running_one_is_not_over(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop, orders=ORDERS.replace("2026-02-10", "2025-12-10"))
    assert page(shop, tmp_path).table("Months")[1:] == [
        ["2025-12", "1", "1", "20", "0", "20"],
        ["2026-01", "1", "1", "1\u202f000", "0", "1\u202f000"],
        ["2026-02", "0", "0", "0", "0", "0"],
        ["2026-03 (not over)", "2", "2", "294", "34", "260"],
    ]


def test_a_month_is_over_on_its_last_day(shop: Shop, tmp_path: Path) -> None:
    deliver(shop, "2026-03-31", orders=ORDERS, users=USERS)
    shop.load("2026-03-31")
    shop.build("2026-03-30", known_on=marts.RESTATED)
    shop.build("2026-03-31")
    assert "2026-03 is not over" in page(shop, tmp_path, "2026-03-30").text
    assert "not over" not in page(shop, tmp_path, "2026-03-31").html


def test_a_report_shows_its_own_day_whatever_other_days_hold(shop: Shop, tmp_path: Path) -> None:
    busy_shop(shop)
    checks.run(shop.warehouse, "core", date(DAY))
    before = page(shop, tmp_path).html
    shop.settings("quarantine: {orders: {threshold: 0.5}}")
    deliver(shop, "2026-04-02", orders=f"{ORDERS.replace('2026-03-20', '2026-04-02')}\n,ann,2026-04-02,Paid,pen,1")
    shop.load("2026-04-02")
    shop.build("2026-04-02")
    checks.run(shop.warehouse, "core", date("2026-04-02"))
    assert "missing order id" in page(shop, tmp_path, "2026-04-02").text
    assert page(shop, tmp_path).html == before


def test_two_months_are_a_table_and_no_trend(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop, orders=ORDERS.replace("2026-01-05", "2026-02-05"))
    shown = page(shop, tmp_path)
    assert "A trend takes three months, and this shop has 2\u00a0months so far" in shown.html
    assert [row[0] for row in shown.table("Months")] == ["Month", "2026-02", "2026-03 (not over)"]
    assert not [alt for alt in shown.alts if "by month" in alt]


def test_personas_share_all_customers_and_all_revenue_and_say_what_to_do(shop: Shop, tmp_path: Path) -> None:
    shop.settings("persona_rules: classic\nlacks: [product_views]")
    stray = "\no9,zoe,2026-03-20,20.00"  # a return of an order and by a customer nobody has told of
    small_shop(shop, returns=RETURNS + stray)
    shown = page(shop, tmp_path)
    rows = shown.table("Customers and net revenue by persona")
    paid = dict(shop.rows("select user_id, persona from marts.personas"))
    assert {row[0]: row[1] for row in rows[1:-1]} == {p: str(n) for p, n in Counter(paid.values()).items()}
    assert rows[-1] == ["All", str(len(paid)), "", "1\u202f260", ""]
    guides = {row[0]: row[1:] for row in shown.table("Who they are and what to do")[1:]}
    rules = load_rule_sets()["classic"]
    assert guides == {rule.persona: [rule.description, rule.action] for rule in (*rules.rules, rules.otherwise)}


def test_revenue_of_unknown_customers_has_a_row_of_its_own(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    shop.warehouse.execute("update marts.ltv set user_id = '' where user_id = 'cid'")
    rows = page(shop, tmp_path).table("Customers and net revenue by persona")
    assert rows[-2] == ["Customer not known", "\u2013", "\u2013", "60", "4.7\u00a0%"]


def test_without_a_model_the_page_says_so(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    assert "No model yet" in page(shop, tmp_path).html


def test_expected_buyers_of_a_persona_are_the_sum_of_its_customers_probabilities(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    shop.warehouse.execute(
        "insert into ml.model_versions values"
        " ('m1', now(), '2026-03-20', 10, 1, '{}', '2026-03-06', 9, '{}', '{}', 'x', 'x', 1, null);"
        "update marts.personas set persona = case when user_id in ('ann', 'bob') then 'Loyalist' else 'Others' end;"
        "create table marts.scores partition of marts.purchase_intent for values in ('2026-03-20');"
        "insert into marts.purchase_intent select '2026-03-20', user_id, chance, 1, 'm1' from (values"
        " ('ann', 0.75), ('bob', 0.5), ('cid', 0.25), ('dan', 0.125), ('eve', 0.0)) as told (user_id, chance)"
    )
    html = page(shop, tmp_path).html
    section = html[html.index('id="intent"') : html.index('id="worth"')]
    assert "within 10 days, by model m1" in section
    numbers = re.findall(r'<td class="n">([^<]*)</td>', section)
    assert numbers == ["2", "1", "62.5\xa0%", "1", "3", "0", "12.5\xa0%", "0", "5", "2", "", "1"]


def test_worth_per_buyer_is_told_in_quartiles_of_buyers_only(shop: Shop, tmp_path: Path) -> None:
    shop.settings("persona_rules: classic")
    small_shop(shop)
    shop.warehouse.execute("update marts.personas set persona = 'Others'")
    only_returned = f"select '{DAY}', 'eve', 0, 500, -500, 0"
    columns = "as_of_date, user_id, gross_revenue, returns_amount, net_revenue, paid_orders"
    shop.warehouse.execute(f"insert into marts.ltv ({columns}) {only_returned}".encode())
    assert page(shop, tmp_path).table("Net revenue per buyer by persona")[1:] == [
        ["Others", "3", "40.00", "60.00", "630.00"]  # of 20, 60 and 1200
    ]


def test_views_that_are_not_recorded_are_said_to_be(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    assert "does not record product views" not in page(shop, tmp_path).text
    shop.settings("lacks: [product_views]")
    shop.build(DAY)
    assert "This shop does not record product views" in page(shop, tmp_path).text


def test_the_heat_map_counts_every_scored_buyer_once_under_the_segments_name(shop: Shop, tmp_path: Path) -> None:
    busy_shop(shop)
    shown = page(shop, tmp_path)
    _, *heat = shown.table("Buyers by recency score")
    cells = [cell.split(" ", 1) for row in heat for cell in row[1:]]
    counted: Counter[str] = Counter()
    for count, segment in cells:
        counted[segment] += int(count)
    assert len(cells) == 25
    assert heat[0][-1].endswith("Champions")
    assert heat[-1][1].endswith("Lost")
    assert {s: n for s, n in counted.items() if n} == dict(
        shop.rows("select segment, count(*) from marts.rfm group by segment")
    )
    segments = {row[0]: int(row[1]) for row in shown.table("Segments")[1:]}
    assert segments.pop("All buyers") == 60
    assert segments == counted
    assert shown.table("Segments")[1][0] == "Champions"


def test_scores_are_given_as_ranges_and_a_score_between_equal_cuts_is_not(shop: Shop, tmp_path: Path) -> None:
    busy_shop(shop)
    cuts = "cut_1 = 1, cut_2 = 2, cut_3 = 2, cut_4 = 3.5, scores_given = '1, 2, 4, 5'"
    shop.warehouse.execute(f"update marts.rfm_cuts set {cuts} where metric <> 'monetary'".encode())
    rows = page(shop, tmp_path).table("What scores what in 2026-03")
    assert [row[:3] for row in rows[1:]] == [
        ["5", "up to 1", "over 3.5"],
        ["4", "over 1 to 2", "over 2 to 3.5"],
        ["3", "\u2013", "\u2013"],
        ["2", "over 2 to 3.5", "over 1 to 2"],
        ["1", "over 3.5", "up to 1"],
        ["Scores given", "1, 2, 4, 5", "1, 2, 4, 5"],
    ]


def test_too_little_data_for_scores_is_said_with_its_numbers(shop: Shop, tmp_path: Path) -> None:
    small_shop(shop)
    shown = page(shop, tmp_path)
    assert "Insufficient data: 3\u00a0buyers cannot be scored this month" in shown.text
    assert "2026-02-28, there were 0\u00a0buyers and 0\u00a0days of history. A month is judged by whether" in shown.text
    assert 'class="heat"' not in shown.html


def test_a_shop_without_buyers_is_told_in_sentences_and_no_empty_axis(shop: Shop, tmp_path: Path) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    shop.build(DAY)
    shown = page(shop, tmp_path)
    assert shown.text.count("No buyers yet") == 3
    assert "Nobody has a persona on this day" in shown.text
    assert "none yet" in shown.text
    assert shown.alts == []


def test_a_day_without_marts_beside_its_key_figures_still_has_a_report(shop: Shop, tmp_path: Path) -> None:
    deliver(shop, DAY, orders=ORDERS)
    shop.load(DAY)
    shop.build(DAY, "kpi_daily")
    assert "The cuts of 2026-03 have not been computed yet" in page(shop, tmp_path).text


def test_findings_and_quarantine_of_the_day_are_listed(shop: Shop, tmp_path: Path) -> None:
    shop.settings("quarantine: {orders: {threshold: 0.2}}")
    small_shop(shop, orders=f"{ORDERS}\no6,zed,2026-03-20,Paid,pen,1.00\no7,,2026-03-20,Paid,pen,1.00")
    shown = page(shop, tmp_path)
    assert shown.table("Rows of the day's files")[1:] == [["orders", "missing user id", "1", "14.3\u00a0%"]]
    rows = shown.table(f"What 2 of {len(checks.check_files('core'))} checks found")
    assert ["warn", "1", "o6"] in [[row[0], *row[2:]] for row in rows]
    assert any("names a customer no users file has told of" in row[1] for row in rows)
    shop.warehouse.execute("delete from ops.data_quality")
    assert "The day has not been checked yet" in page(shop, tmp_path).text


def test_a_clean_day_is_said_to_be_clean(shop: Shop, tmp_path: Path) -> None:
    products = "product_id,name,category\npen,Pen,Writing\nink,Ink,Writing"
    small_shop(shop, orders=ORDERS, products=products)
    shop.warehouse.execute("update ops.data_quality set finding_count = 0")
    found = checks.run(shop.warehouse, "marts", date(DAY))
    shown = page(shop, tmp_path).text
    assert f"All {len(found) + len(checks.check_files('core'))} checks of the day found nothing" in shown
    assert "No row of the day's files was set aside" in shown


def test_a_warehouse_without_a_built_day_says_what_to_run(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(PersonaPulseError, match=r"No day has been built yet.*personapulse up"):
        page(shop, tmp_path)


def test_a_day_that_is_not_built_names_those_that_are(shop: Shop, tmp_path: Path) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    for day in ("2026-03-01", "2026-03-18", "2026-03-19", DAY):
        shop.build(day, "kpi_daily")
    with pytest.raises(PersonaPulseError, match=r"2026-03-17 .* Built: 2026-03-01, 2026-03-18 to 2026-03-20. Choose"):
        page(shop, tmp_path, "2026-03-17")
    assert not (tmp_path / "out").exists()
