"""What people are told when the Power BI report was not refreshed."""

import datetime

import jinja2

from personapulse.messages import Message


def stale(day: datetime.date, reason: str, shop: str, run_url: str) -> Message:
    """Tell that the report does not show a day, and why.

    Parameters
    ----------
    day : datetime.date
        The newest day, which the report lacks.
    reason : str
        What Power BI said, or why it was not asked.
    shop : str
        Name of the shop.
    run_url : str
        Address of the run in Airflow.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("personapulse.powerbi_service", "pages"),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(["html.jinja"]),
    )
    subject = f"{shop}: Power BI does not show {day} yet"
    text, html = (
        environment.get_template(f"stale.{kind}.jinja").render(subject=subject, reason=reason, run_url=run_url)
        for kind in ("txt", "html")
    )
    return Message(subject, text, html)
