"""What people are told when the Power BI report was not refreshed."""

import datetime

from personapulse.messages import Message, rendered


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
    subject = f"{shop}: Power BI does not show {day} yet"
    return rendered("personapulse.powerbi_service", "stale", subject=subject, reason=reason, run_url=run_url)
