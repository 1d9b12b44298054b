"""The dashboard inside Airflow, in a real Chromium: login, view, numbers, and a backfill from Airflow's page."""

import datetime
import time

import httpx
import pytest
from playwright.sync_api import expect
from small_shop import make_shop, write_day

from personapulse.service.environment import LOGIN, Credentials
from tests.browsers import browser, is_drawn, watched

DAYS = 36
SHOWN, NEXT = "2026-02-05", "2026-02-06"
DAY_AFTER = datetime.date.fromisoformat(NEXT)
PATIENCE = 240  # seconds
ADDRESSES = ("", "app.js", "style.css", "theme.js", "plotly.min.js", "api/days", f"api/days/{SHOWN}", "run/day")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"), DAYS)


@pytest.fixture(scope="module")
def address(house, shop):
    """An Airflow that has published one day, and stays."""
    command = house.start("up", "--source", str(shop), "--from", SHOWN)
    command.wait_for("Press Ctrl-C")
    yield house.api(command).address
    command.interrupt()


@pytest.fixture(scope="module")
def page(house, address):
    """Airflow's pages, after logging in from the dashboard's own address."""
    with browser() as running:
        context = running.new_context(viewport={"width": 1280, "height": 1000})
        opened, complaints = watched(context)
        opened.goto(f"{address}/plugin/personapulse")
        opened.fill("input[name=username]", LOGIN)
        opened.fill("input[name=password]", Credentials.of(house.home).password)
        opened.click("button[type=submit]")
        opened.locator("iframe").wait_for()
        complaints.clear()  # of asking before one is logged in
        yield opened
        # Airflow's own pages give up requests when they are left
        assert [complaint for complaint in complaints if f"{address}/personapulse/" in complaint] == []
        context.close()


@pytest.mark.parametrize("path", ADDRESSES)
def test_who_is_not_logged_in_gets_nothing(address, path):
    assert httpx.get(f"{address}/personapulse/{path}").status_code == 401


def test_the_view_in_airflow_shows_the_marts_numbers(house, page):
    shown = page.frame_locator("iframe")
    is_drawn(shown)
    (customers,) = house.query(f"select count(*) from marts.customer_profile where as_of_date = '{SHOWN}'")[0]
    assert shown.locator('[data-card="customers"]').get_attribute("data-value") == str(customers)
    shown.get_by_role("link", name="Product & Returns").click()
    shown.locator("#v-products table").wait_for()
    rows = house.query(
        "select name, net_revenue from marts.product_performance"
        f" where as_of_date = '{SHOWN}' order by gross_revenue desc, product_id limit 1"
    )
    assert shown.locator("#v-products tbody tr").first.locator("th").inner_text() == rows[0][0]


def test_addresses_are_guarded_checked_and_kept(page, address):
    ask = page.context.request
    answer = ask.get(f"{address}/personapulse/api/days/{SHOWN}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    etag = answer.headers["etag"]
    assert ask.get(f"{address}/personapulse/api/days/{SHOWN}", headers={"If-None-Match": etag}).status == 304
    for day, status in {"2026-13-01": 422, "'; drop table x": 422, "2020-01-01": 404}.items():
        assert ask.get(f"{address}/personapulse/api/days/{day}").status == status
    assert ask.get(f"{address}/personapulse/..%2f..%2fetc%2fpasswd").status == 404
    assert ask.get(f"{address}/personapulse/plugin.py").status == 404


def test_a_run_leads_to_its_day(page, address):
    ask = page.context.request
    runs = ask.get(f"{address}/api/v2/dags/publish_dashboards/dagRuns").json()["dag_runs"]
    run = next(run for run in runs if run["partition_key"] == SHOWN)["dag_run_id"]
    where = {"dag_id": "publish_dashboards", "run_id": run}
    led = ask.get(f"{address}/personapulse/run/day", params=where, max_redirects=0)
    assert led.headers["location"] == f"../#page=summary&day={SHOWN}"
    unknown = ask.get(f"{address}/personapulse/run/day", params={"dag_id": "x", "run_id": "y"}, max_redirects=0)
    assert unknown.headers["location"] == "../#page=summary&day="
    page.goto(f"{address}/dags/publish_dashboards/runs/{run}")
    page.get_by_role("link", name="Dashboard").last.click()
    is_drawn(page.frame_locator("iframe"))
    assert f"day={SHOWN}" in next(frame.url for frame in page.frames if "/personapulse/" in frame.url)


def test_a_backfill_from_airflows_page_runs_the_chain_to_the_dashboard(house, shop, page, address):
    write_day(shop, DAY_AFTER)
    page.goto(f"{address}/dags/ingest_shop_data")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("Backfill", exact=True).first.click()
    for _ in ("From", "To"):
        page.get_by_text("Select date and time").first.click()
        page.get_by_placeholder("YYYY/MM/DD").last.fill(NEXT.replace("-", "/"))
        page.get_by_placeholder("YYYY/MM/DD").last.press("Enter")
        page.get_by_placeholder("HH:mm").last.fill("00:00")
        page.get_by_placeholder("HH:mm").last.press("Enter")
        page.keyboard.press("Escape")
    start = page.get_by_role("button", name="Run Backfill")
    expect(start).to_be_enabled()
    start.click()
    deadline = time.monotonic() + PATIENCE
    while NEXT not in (days := page.context.request.get(f"{address}/personapulse/api/days").json()["days"]):
        assert time.monotonic() < deadline, days
        time.sleep(1)
    page.goto(f"{address}/personapulse/")
    is_drawn(page)
    assert page.locator("#day").input_value() == NEXT
