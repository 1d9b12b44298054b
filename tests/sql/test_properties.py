"""What holds for every shop: the order of arrival, repetitions and crashes leave no trace; the past stays as known.

Each example is a small shop drawn by hypothesis. `--hypothesis-profile deep` draws many more of them.
"""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from personapulse.postgres import EmbeddedPostgres

from .deliveries import Content, Story
from .oracle import COUNTED, Oracle
from .stories import Step, arrivals, stories
from .worlds import FOR_EVER, READINGS, World, world

NUMBERS = ", ".join(COUNTED)
READ_DAYS = f"select on_day, user_id, {NUMBERS} from core.user_days where known_from <= %s and %s < known_to"
READ_CUSTOMERS = (
    f"select user_id, {NUMBERS}, first_seen_on, last_active_on, first_order_on, first_paid_on, last_paid_on"
    " from core.customers_as_of(%s, %s)"
)

READ_PRODUCT_MONTHS = (
    "select month, product_id, paid_orders, returned_orders, gross_revenue from core.product_months_as_of(%s, %s)"
)
READ_RETURN_MONTHS = "select month, sum(returns_amount) from core.return_months_as_of(%s, %s) group by month"
MONTH_NUMBERS = "paid_orders, gross_revenue, returns, returns_amount"
READ_USER_MONTHS = f"select month, user_id, {MONTH_NUMBERS} from core.user_months_as_of(%s, %s)"
SUM_USER_DAYS = (
    "select date_trunc('month', on_day)::date, user_id, sum(paid_orders), sum(gross_revenue), sum(returns),"
    " sum(returns_amount) from core.user_days where on_day <= %s and known_from <= %s and %s < known_to"
    " group by 1, 2 having sum(paid_orders) > 0 or sum(returns) > 0"
)


def share(of_examples: float) -> settings:
    """So many of the profile's examples: some properties take longer than others."""
    return settings(max_examples=round(settings().max_examples * of_examples))


def at_once(*calls: Callable[[], object]) -> None:
    """Two warehouses are loaded in the time of one."""
    with ThreadPoolExecutor() as pool:
        for call in [pool.submit(call) for call in calls]:
            call.result()


@share(0.6)
@given(data=st.data())
def test_days_in_any_order_and_repeated_end_in_the_same_tables(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story = data.draw(stories())
    with world(postgres, story) as in_order, world(postgres, story) as as_they_came:
        steps = data.draw(arrivals(story))
        at_once(in_order.load_in_order, lambda: as_they_came.load(*steps))
        at_once(in_order.build_marts, as_they_came.build_marts)
        assert as_they_came.fingerprint() == in_order.fingerprint()


@share(0.3)
@given(data=st.data())
def test_a_history_in_one_pass_ends_in_the_same_tables_as_day_by_day(
    postgres: EmbeddedPostgres, data: st.DataObject
) -> None:
    """Also one that finds some of its days loaded."""
    story = data.draw(stories())
    with world(postgres, story) as day_by_day, world(postgres, story) as in_one_pass:
        loaded_before = data.draw(st.sets(st.sampled_from(list(story.days)), max_size=2))
        in_one_pass.load(*map(Step, loaded_before))
        at_once(day_by_day.load_in_order, in_one_pass.load_history)
        for place in (day_by_day, in_one_pass):
            place.build_marts(story.last)
        assert in_one_pass.fingerprint() == day_by_day.fingerprint()


@share(0.3)
@given(data=st.data())
def test_a_correction_restates_the_past_and_leaves_alone_what_was_known_each_night(
    postgres: EmbeddedPostgres, data: st.DataObject
) -> None:
    story = with_correction(data.draw(stories()), data.draw(st.sampled_from(CORRECTIONS)))
    *earlier, corrected_on = story.days
    with world(postgres, story) as place:
        place.load(*map(Step, earlier))
        restated, as_known = nights(place, earlier, FOR_EVER), nights(place, earlier, None)
        place.load(Step(corrected_on))
        assert nights(place, earlier, None) == as_known
        restated_now = nights(place, earlier, FOR_EVER)
        changed = {name for name in restated if restated_now[name] != restated[name]}
        assert changed >= {f"{name} {day}" for day in earlier for name in ("orders_as_of", "customers_as_of")}
        assert changed >= {"marts.kpi_daily", "marts.ltv"}


def nights(place: World, days: list[datetime.date], known_on: datetime.date | None) -> dict[str, Any]:
    """All that core and the marts say about the days, as known on their nights or on another day."""
    place.build_marts(*days, known_on=known_on)
    hashes = {name: md5 for name, md5 in place.fingerprint().items() if name.startswith("marts.")}
    readings = {
        f"{name} {day}": place.reading(name, day, known_on or day) for day in days for name in READINGS
    }  # fmt: skip
    return hashes | readings


CORRECTED = {"order_id": "corrected", "user_id": "ann", "payment_status": "Paid"}
LINE = {"order_id": "corrected", "line_no": "1", "product_id": "pen", "quantity": "1", "unit_price": "10"}
CORRECTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("orders", {"payment_status": "Cancelled"}),
    ("orders", {"user_id": "bob"}),
    ("order_items", {"quantity": "3"}),
    ("order_items", {"line_no": "2"}),
)


def with_correction(story: Story, correction: tuple[str, dict[str, str]]) -> Story:
    """Add an order to the first day, and a correction of it to the last."""
    file, change = correction
    header = CORRECTED | {"order_date": str(story.first)}
    days = dict(story.days)
    days[story.first] = with_rows(days[story.first], orders=header, order_items=LINE)
    days[story.last] = with_rows(days[story.last], **{file: {"orders": header, "order_items": LINE}[file] | change})
    return Story(story.time_zone, days)


def with_rows(content: Content, **rows: dict[str, str]) -> Content:
    """Add a row to some files; a day in the simple form gets its lines written out."""
    lines = [
        {"order_id": row["order_id"], "line_no": "1", "product_id": row["product_id"], "quantity": "1",
         "unit_price": row["amount"]}
        for row in content.get("orders", ()) if "order_items" not in content
    ]  # fmt: skip
    found: dict[str, Any] = {"order_items": lines} | dict(content)
    for name, row in rows.items():
        columns = found[name][0] if found[name] else row
        found[name] = [*found[name], {column: row.get(column, "") for column in columns}]
    return found


@share(0.4)
@given(data=st.data())
def test_a_crash_at_any_statement_leaves_no_trace_after_a_second_run(
    postgres: EmbeddedPostgres, data: st.DataObject
) -> None:
    story = data.draw(stories())
    steps = data.draw(st.none() | arrivals(story))
    with world(postgres, story) as undisturbed, world(postgres, story) as crashing:
        fuse = Fuse()
        fuse.guard(undisturbed)
        run(undisturbed, steps)
        fuse = Fuse(blows_at=1 + int(data.draw(st.floats(0, 1, exclude_max=True)) * fuse.count))
        fuse.guard(crashing)
        run(crashing, steps)
        assert fuse.has_blown
        for place in (undisturbed, crashing):
            place.build_marts(story.last)
        assert crashing.fingerprint() == undisturbed.fingerprint()


def run(place: World, steps: list[Step] | None) -> None:
    """Load days, or the history; a call that loses its connection is called again, as a scheduler would."""
    for call in [place.load_history] if steps is None else place.calls(*steps):
        try:
            call()
        except psycopg.OperationalError:
            assert place.connection.broken
            place.reconnect()
            call()


class Fuse:
    """Counts the statements of a connection, and has the server end it before a certain one."""

    def __init__(self, blows_at: int = 0) -> None:
        self.count = 0
        self.blows_at = blows_at

    @property
    def has_blown(self) -> bool:
        return 0 < self.blows_at <= self.count

    def guard(self, place: World) -> None:
        fuse = self

        class Guarded(psycopg.ClientCursor[Any]):
            def execute(self, *arguments: Any, **options: Any) -> "Guarded":
                fuse.burn(place)
                return super().execute(*arguments, **options)

            def copy(self, *arguments: Any, **options: Any) -> Any:
                fuse.burn(place)
                return super().copy(*arguments, **options)

        place.connection.cursor_factory = Guarded

    def burn(self, place: World) -> None:
        self.count += 1
        if self.count == self.blows_at:
            with psycopg.connect(place.conninfo) as other:
                pid = place.connection.info.backend_pid
                gone = other.execute("select pg_terminate_backend(%s, 5000)", (pid,)).fetchone()
                assert gone == (True,)


@share(0.5)
@given(data=st.data())
def test_customers_and_their_days_add_up_to_what_the_files_say(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story = data.draw(stories())
    with world(postgres, story) as place:
        place.load(*data.draw(arrivals(story)))
        restated = Oracle(story, FOR_EVER)
        for day in story.days:
            as_known = Oracle(story, day)
            assert told(place.rows(READ_DAYS, day, day), 2) == told(
                [(*key, *row) for key, row in as_known.days().items()], 2
            )
            for known_on, oracle in ((day, as_known), (FOR_EVER, restated)):
                rows = [(user_id, *row) for user_id, row in oracle.customers(day).items()]
                assert told(place.rows(READ_CUSTOMERS, day, known_on), 1) == told(rows, 1)


@share(0.4)
@given(data=st.data())
def test_months_moved_on_by_each_day_add_up_to_what_the_files_say(
    postgres: EmbeddedPostgres, data: st.DataObject
) -> None:
    story = data.draw(stories())
    with world(postgres, story) as place:
        place.load(*data.draw(arrivals(story)))
        restated = Oracle(story, FOR_EVER)
        for day in story.days:
            for known_on, oracle in ((day, Oracle(story, day)), (FOR_EVER, restated)):
                assert told(place.rows(READ_PRODUCT_MONTHS, day, known_on), 2) == told(
                    [(*key, *numbers) for key, numbers in oracle.product_months(day).items()], 2
                )
                returned = {month: [comparable(sum_)] for month, sum_ in place.rows(READ_RETURN_MONTHS, day, known_on)}
                assert returned == {month: [comparable(sum_)] for month, sum_ in oracle.return_months(day).items()}
                # a customer's months are their days, of which the test above says that they are right
                assert told(place.rows(READ_USER_MONTHS, day, known_on), 2) == told(
                    place.rows(SUM_USER_DAYS, day, known_on, known_on), 2
                )


def told(rows: list[tuple[Any, ...]], keys: int) -> dict[tuple[Any, ...], list[Any]]:
    """Rows by their first columns; sums to the sixth decimal, because PostgreSQL's thirds are not exact."""
    return {row[:keys]: [comparable(value) for value in row[keys:]] for row in rows}


def comparable(value: Any) -> Any:
    return round(Fraction(value), 6) if isinstance(value, int | Decimal | Fraction) else value
