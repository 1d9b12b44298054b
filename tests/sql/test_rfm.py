"""marts.rfm and marts.rfm_cuts: equal customers score equally, by cuts frozen for the month."""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from personapulse import ingest
from personapulse.marts import RESTATED
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import connect

from ..servers import database
from .conftest import Shop, date

SEGMENTS = {
    "Champions", "Loyal Customers", "Potential Loyalists", "New Customers", "Promising", "Need Attention",
    "About To Sleep", "At Risk", "Can't Lose Them", "Hibernating", "Lost",
}  # fmt: skip


def deliver_january(shop: Shop, buyers: int = 50, first: int = 1) -> None:
    """Each day of January one folder; buyer n (from 1) buys on the first, and again on as many days as n is above 30.

    Orders are worth 10; so 30 of 50 buyers have one order, and the others 2, 3, 4 ... 21.
    """
    for day in range(first, 32):
        who = [number for number in range(1, buyers + 1) if day == first or number - 30 >= day - 1]
        text = f"2026-01-{day:02}"
        orders = "".join(f"{day}-{number},u{number},{text},Paid\n" for number in who)
        items = "".join(f"{day}-{number},1,pen,1,10\n" for number in who)
        shop.deliver(
            text,
            orders="order_id,user_id,order_date,payment_status\n" + orders,
            order_items="order_id,line_no,product_id,quantity,unit_price\n" + items,
        )
    ingest.load_history(shop.warehouse, shop.source, date("2026-01-01"), date("2026-01-31"), print)


@dataclass(frozen=True)
class Kept:
    """A shop's folder, and the name of its warehouse, which nobody is connected to."""

    folder: Path
    database: str


@pytest.fixture(scope="module")
def january(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """January and two quiet days, loaded once for the tests of this file."""
    folder = tmp_path_factory.mktemp("january")
    with database(postgres, "january") as conninfo:
        with connect(conninfo) as warehouse:
            shop = Shop(folder, warehouse)
            deliver_january(shop)
            for day in ("2026-02-01", "2026-02-02"):
                shop.deliver(day)
                shop.load(day)
        yield Kept(folder, str(conninfo_to_dict(conninfo)["dbname"]))


@pytest.fixture
def february(january: Kept, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(january.folder, tmp_path, dirs_exist_ok=True)
    with database(postgres, "february", like=january.database) as conninfo, connect(conninfo) as warehouse:
        shop = Shop(tmp_path, warehouse)
        warehouse.execute("update ops.shop set source_url = %s", (shop.source.url,))  # the shop has moved
        yield shop


def test_cuts_are_quantiles_of_the_buyers_on_the_eve_of_the_month(february: Shop) -> None:
    february.build("2026-02-02", "rfm_cuts")
    assert february.rows(
        "select cut_month, basis_date, buyers, history_days, is_sufficient,"
        " cut_1, cut_2, round(cut_3, 6), round(cut_4, 6), scores_given"
        " from marts.rfm_cuts where metric = 'frequency'"
    ) == [(date("2026-02-01"), date("2026-01-31"), 50, 31, True, 1, 1, Decimal("1.4"), Decimal("11.2"), "1, 4, 5")]


def test_equal_buyers_score_equally_and_are_found_by_hand(february: Shop) -> None:
    february.build("2026-02-02", "rfm_cuts", "rfm")
    by_frequency = dict(february.rows("select frequency, array_agg(distinct f_score) from marts.rfm group by 1"))
    # cuts 1, 1, 1.4, 11.2: one order passes none, 2 to 11 orders pass three, 12 and more pass four;
    # recency on the eve: 30 buyers 30 days, the others 10 to 29, so the cuts are 19.8, 29.6, 30, 30
    assert by_frequency == {1: [1], **{n: [4] for n in range(2, 12)}, **{n: [5] for n in range(12, 22)}}
    scores = "recency_days, frequency, monetary, r_score, f_score, m_score, segment"
    assert february.rows(f"select {scores} from marts.rfm where user_id = 'u50'") == [
        (12, 21, 210, 5, 5, 5, "Champions")
    ]
    assert february.rows(f"select {scores} from marts.rfm where user_id = 'u1'") == [(32, 1, 10, 1, 1, 1, "Lost")]


def test_cuts_do_not_move_within_the_month_while_customers_do(february: Shop) -> None:
    february.build("2026-02-01", "rfm_cuts", "rfm")
    cuts = february.fingerprint("marts.rfm_cuts")
    february.deliver(
        "2026-02-02",
        orders="order_id,user_id,order_date,payment_status\nlate,u50,2026-01-30,Paid\nnew,u1,2026-02-02,Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\nlate,1,pen,1,9000\nnew,1,pen,1,10",
    )
    february.load("2026-02-02")
    february.build("2026-02-02", "rfm_cuts", "rfm")
    assert february.fingerprint("marts.rfm_cuts") == cuts
    assert february.rows(
        "select as_of_date, recency_days, r_score, f_score from marts.rfm where user_id = 'u1' order by 1"
    ) == [(date("2026-02-01"), 31, 1, 1), (date("2026-02-02"), 0, 5, 4)]


def test_restating_a_day_keeps_the_cuts_that_were_published(february: Shop) -> None:
    february.build("2026-02-01", "rfm_cuts")
    cuts = february.fingerprint("marts.rfm_cuts")
    february.deliver(
        "2026-02-02",
        orders="order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"late{number},u{number},2026-01-15,Paid" for number in range(1, 51)),
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"late{number},1,pen,1,999" for number in range(1, 51)),
    )
    february.load("2026-02-02")
    february.build("2026-02-01", known_on=RESTATED)
    assert february.fingerprint("marts.rfm_cuts") == cuts


def test_the_mean_of_frequency_and_monetary_is_rounded_up(february: Shop) -> None:
    february.build("2026-02-02", "rfm_cuts", "rfm")
    february.warehouse.execute("update marts.rfm_cuts set cut_1 = 0, cut_2 = 15 where metric = 'monetary'")
    february.build("2026-02-02", "rfm")
    # u1: recency 1, frequency 1, monetary 2: the mean 1.5 counts as 2
    assert february.rows(
        "select scored.r_score, scored.f_score, scored.m_score, scored.segment = named.segment from marts.rfm as scored"
        " join marts.rfm_segments as named on named.r_score = scored.r_score and named.fm_score = 2"
        " where scored.user_id = 'u1'"
    ) == [(1, 1, 2, True)]
    february.warehouse.execute("update marts.rfm_cuts set cut_2 = 0, cut_3 = 0 where metric = 'monetary'")
    february.build("2026-02-02", "rfm")
    # monetary 4: the mean 2.5 counts as 3, and At Risk is not Lost
    assert february.values("select segment from marts.rfm where user_id = 'u1'") == ["At Risk"]


@pytest.mark.parametrize(("buyers", "first"), [(49, 1), (50, 3)], ids=["49 buyers", "29 days"])
def test_too_little_data_gets_no_invented_score(shop: Shop, buyers: int, first: int) -> None:
    deliver_january(shop, buyers=buyers, first=first)
    shop.deliver("2026-02-01")
    shop.load("2026-02-01")
    shop.build("2026-02-01", "rfm_cuts", "rfm")
    assert shop.rows("select distinct r_score, f_score, m_score, segment from marts.rfm") == [
        (None, None, None, "insufficient data")
    ]
    assert shop.rows("select distinct is_sufficient, cut_1, scores_given from marts.rfm_cuts") == [
        (False, None, "none: insufficient data")
    ]


def test_building_a_day_twice_changes_nothing_and_keeps_other_days(february: Shop) -> None:
    february.build("2026-02-01")
    february.build("2026-02-02")
    once = february.fingerprint()
    february.build("2026-02-02")
    assert february.fingerprint() == once
    assert february.rows("select as_of_date, count(*) from marts.rfm group by 1 order by 1") == [
        (date("2026-02-01"), 50),
        (date("2026-02-02"), 50),
    ]


def test_prospects_have_no_row_and_returns_lower_the_monetary_value(february: Shop) -> None:
    february.deliver(
        "2026-02-02",
        orders="order_id,user_id,order_date,payment_status\nbad,stranger,2026-02-02,Failed",
        order_items="order_id,line_no,product_id,quantity,unit_price\nbad,1,pen,1,10",
        returns="order_id,user_id,amount\n1-1,,4",
    )
    february.load("2026-02-02")
    february.build("2026-02-02", "rfm_cuts", "rfm")
    assert february.rows("select user_id, monetary from marts.rfm where user_id in ('stranger', 'u1')") == [("u1", 6)]


def test_every_pair_of_scores_has_one_segment_and_all_eleven_are_used(shop: Shop) -> None:
    pairs = shop.rows("select r_score, fm_score from marts.rfm_segments")
    assert Counter(pairs) == Counter(itertools.product(range(1, 6), range(1, 6)))
    assert set(shop.values("select segment from marts.rfm_segments")) == SEGMENTS
