"""What people see of a day that has gone through the real scheduler: the dashboard inside Airflow in a real
Chromium, and Power BI, refreshed by the real operator and triggerer against a double of the service.

The tests build on each other in the order of the file, because each start of Airflow takes its time.
"""

import httpx
import pytest
from houses import PATIENCE
from playwright.sync_api import TimeoutError as StillEmptyError
from playwright.sync_api import expect

from personapulse.ingest import Source
from personapulse.powerbi_service.double import Scripted
from personapulse.service.airflow import INGEST, PUBLISH
from personapulse.service.environment import LOGIN, Credentials
from tests.browsers import browser, is_drawn, watched

from .publications import ended, log_of, newest_run, pause, publish_again, published, states_of, tasks_of, until

ADDRESSES = ("", "app.js", "style.css", "theme.js", "plotly.min.js", "api/days", "api/days/2026-01-01", "run/day")
PASSED_OVER = {
    "write_report": "success", "send_digest": "skipped", "wait_for_turn": "skipped", "refresh_powerbi": "skipped"
}  # fmt: skip
expect.set_options(timeout=60_000)
REFRESHED = PASSED_OVER | {"wait_for_turn": "success", "refresh_powerbi": "success"}


@pytest.fixture(scope="module")
def address(api):
    return api.address


@pytest.fixture(scope="module")
def page(house, address):
    """Airflow's pages, after logging in from the dashboard's own address."""
    with browser() as running:
        context = running.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(
            PATIENCE * 1000
        )  # beside other tests Airflow's pages and the charts take their time
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


def test_a_day_ends_on_both_dashboards_and_in_the_mail(api, shop, double):
    assert states_of(api, newest_run(api, shop.newest)) == REFRESHED | {"send_digest": "success"}
    assert double.model.asked("POST") == 1


def test_the_week_is_mailed_once_on_one_page_to_who_asked(up, shop, mails):
    ((to, mail),) = mails.about("the week that ended")
    assert to == ["eve@example.org"]
    assert mail["subject"] == f"{Source(str(shop.folder)).settings.name}: the week that ended on {shop.newest}"
    (page,) = mail.iter_attachments()
    assert page.get_filename() == f"digest-{shop.newest}.pdf"
    assert page.get_content().startswith(b"%PDF")


def test_the_dashboard_is_opened_for_who_wants_it(address, opener):
    assert opener.with_suffix(".txt").read_text().strip() == f"{address}/plugin/personapulse"


@pytest.mark.parametrize("path", ADDRESSES)
def test_who_is_not_logged_in_gets_nothing(address, path):
    assert httpx.get(f"{address}/personapulse/{path}").status_code == 401


def test_the_view_in_airflow_shows_the_marts_numbers(house, shop, page):
    shown = page.frame_locator("iframe")
    is_drawn(shown)
    (customers,) = house.query(f"select count(*) from marts.customer_profile where as_of_date = '{shop.newest}'")[0]
    assert shown.locator('[data-card="customers"]').get_attribute("data-value") == str(customers)
    shown.get_by_role("link", name="Product & Returns").click()
    shown.locator("#v-products table").wait_for()
    rows = house.query(
        "select name, net_revenue from marts.product_performance"
        f" where as_of_date = '{shop.newest}' order by gross_revenue desc, product_id limit 1"
    )
    assert shown.locator("#v-products tbody tr").first.locator("th").inner_text() == rows[0][0]


def test_addresses_are_guarded_checked_and_kept(shop, page, address):
    ask = page.context.request
    answer = ask.get(f"{address}/personapulse/api/days/{shop.newest}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    etag = answer.headers["etag"]
    assert ask.get(f"{address}/personapulse/api/days/{shop.newest}", headers={"If-None-Match": etag}).status == 304
    for day, status in {"2026-13-01": 422, "'; drop table x": 422, "2020-01-01": 404}.items():
        assert ask.get(f"{address}/personapulse/api/days/{day}").status == status
    assert ask.get(f"{address}/personapulse/..%2f..%2fetc%2fpasswd").status == 404
    assert ask.get(f"{address}/personapulse/plugin.py").status == 404


def test_a_run_leads_to_its_day(api, shop, page, address):
    ask = page.context.request
    run = newest_run(api, shop.newest).run
    where = {"dag_id": PUBLISH, "run_id": run}
    led = ask.get(f"{address}/personapulse/run/day", params=where, max_redirects=0)
    assert led.headers["location"] == f"../#page=summary&day={shop.newest}"
    unknown = ask.get(f"{address}/personapulse/run/day", params={"dag_id": "x", "run_id": "y"}, max_redirects=0)
    assert unknown.headers["location"] == "../#page=summary&day="
    page.goto(f"{address}/dags/{PUBLISH}/runs/{run}")
    page.locator('a[href*="personapulse-day"]').last.click()  # the menu has a link of the same name
    shown = page.frame_locator("iframe").locator("main[data-drawn]")
    try:
        shown.wait_for(timeout=45_000)
    except StillEmptyError:  # Airflow's page now and then leaves the frame empty while it reads the run anew
        page.reload()
        shown.wait_for()
    assert f"day={shop.newest}" in next(frame.url for frame in page.frames if "/personapulse/" in frame.url)


def backfill_in_airflows_page(page, address, day):
    page.goto(f"{address}/dags/{INGEST}")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("Backfill", exact=True).first.click()
    for _ in ("From", "To"):
        page.get_by_text("Select date and time").first.click()
        page.get_by_placeholder("YYYY/MM/DD").last.fill(day.strftime("%Y/%m/%d"))
        page.get_by_placeholder("YYYY/MM/DD").last.press("Enter")
        page.get_by_placeholder("HH:mm").last.fill("00:00")
        page.get_by_placeholder("HH:mm").last.press("Enter")
        page.keyboard.press("Escape")
    page.get_by_text("Unpause").last.click()  # not yet
    start = page.get_by_role("button", name="Run Backfill")
    expect(start).to_be_enabled()
    start.click()


def test_a_backfill_from_airflows_page_runs_the_chain_and_the_newest_day_waits_for_it(api, shop, double, page, address):
    asked = double.model.asked("POST")
    shop.deliver_next()
    pause(api, INGEST)
    backfill_in_airflows_page(page, address, shop.next)
    until(lambda: any(run.day == str(shop.next) for run in api.runs()))
    run = publish_again(api, shop.newest)
    until(lambda: states_of(api, run).get("wait_for_turn") == "deferred")
    api.unpause(INGEST)
    assert ended(api, run).state == "success"
    assert states_of(api, run) == PASSED_OVER | {"send_digest": "success"}  # the week is mailed to who asks again
    assert f"{shop.next} is in core and newer" in log_of(api, run, "wait_for_turn")
    assert states_of(api, published(api, shop.next)) == REFRESHED
    assert double.model.asked("POST") == asked + 1
    page.goto(f"{address}/personapulse/")
    is_drawn(page)
    assert page.locator("#day").input_value() == str(shop.next)


@pytest.fixture
def visitor(page, address):
    """Somebody else who is logged in, looking at the dashboard by itself."""
    context = page.context.browser.new_context(storage_state=page.context.storage_state())
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    opened.goto(f"{address}/personapulse/")
    is_drawn(opened)
    yield opened
    context.close()


def test_whose_login_has_ended_is_told_to_log_in(visitor, shop):
    visitor.context.clear_cookies()
    visitor.locator("#day").select_option(value=str(shop.newest))
    expect(visitor.locator("main")).to_contain_text("You are not logged in.")
    expect(visitor.locator("main")).to_contain_text("Log in to Airflow, then reload this page.")
    assert visitor.locator("main a").get_attribute("href") == "/auth/login"


def test_a_warehouse_that_does_not_answer_is_told_and_the_next_reload_shows_the_day(house, visitor):
    with house.warehouse() as warehouse:
        warehouse.execute("alter role personapulse_dashboard nologin")
        try:
            visitor.reload()
            expect(visitor.locator("main")).to_contain_text("The warehouse does not answer.")
            expect(visitor.locator("main")).to_contain_text("Is PostgreSQL running")
        finally:
            warehouse.execute("alter role personapulse_dashboard login")
    visitor.reload()
    is_drawn(visitor)


def test_a_failed_refresh_is_red_at_once_with_power_bis_words_and_people_are_told(api, shop, double, mails):
    told = len(mails.received)
    error = {"errorCode": "ModelRefreshFailed_CredentialsNotSpecified", "errorDescription": "No credentials."}
    double.model.script.append(Scripted("Failed", error=error))
    run = ended(api, publish_again(api, shop.next))
    assert run.state == "failed"
    words = "Power BI says the refresh is Failed. ModelRefreshFailed_CredentialsNotSpecified: No credentials."
    assert words in log_of(api, run, "refresh_powerbi")
    assert tasks_of(api, run)["refresh_powerbi"]["try_number"] == 1
    to, mail = mails.received[-1]
    assert (to, len(mails.received)) == (["ada@example.org", "bob@example.org"], told + 1)
    assert f"does not show {shop.next}" in mail["subject"]
    assert words in " ".join(mail.get_body(("html",)).get_content().split())


def test_used_up_refreshes_skip_the_day_and_people_are_told(api, shop, double, mails):
    told = len(mails.received)
    for _ in range(8):
        double.model.remember("Scheduled", ago=5, plan=Scripted(seconds=0))
    run = ended(api, publish_again(api, shop.next))
    assert run.state == "success"
    assert states_of(api, run)["refresh_powerbi"] == "skipped"
    assert "and the licence allows 8" in log_of(api, run, "refresh_powerbi")
    assert len(mails.received) == told + 1
    double.model.refreshes.clear()


def test_a_cleared_run_asks_for_a_new_refresh(api, shop, double):
    double.model.script.append(Scripted("Cancelled"))
    run = ended(api, publish_again(api, shop.next))
    assert "Power BI says the refresh is Cancelled. It gives no reason." in log_of(api, run, "refresh_powerbi")
    asked = double.model.asked("POST")
    api.clear(run)
    until(lambda: api.run(PUBLISH, run.run).state == "success")
    assert double.model.asked("POST") == asked + 1
