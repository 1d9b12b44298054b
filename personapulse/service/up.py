"""`personapulse up`: from nothing to a running shop, step by step."""

import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Event

import psutil

from personapulse import warehouse
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service import chain
from personapulse.service.airflow import DAGS, Airflow, local_address
from personapulse.service.api import AirflowApi
from personapulse.service.doubles import Double, start_double, wait_for_double
from personapulse.service.environment import LOGIN, Credentials, airflow_environment
from personapulse.service.interrupts import Interrupts
from personapulse.service.leftovers import process_record
from personapulse.service.lock import HomeLock
from personapulse.service.memory import MemoryMeter
from personapulse.service.plan import Plan, bind_source, claimed_port
from personapulse.service.processes import Processes
from personapulse.service.screen import Screen

INTERRUPTED = 130  # what shells expect after Ctrl-C


@dataclass(frozen=True)
class Wishes:
    """How `up` is to run.

    Parameters
    ----------
    once : bool
        End when the last day is through, instead of staying until Ctrl-C.
    rerun : bool
        Run days again that are green already.
    port : int, optional
        Of the API server; without it 8080 or any free one.
    with_powerbi_double : bool
        Start a double of Power BI, too, and refresh that.
    show : bool
        Open the dashboard in the browser when the days are through.
    """

    once: bool = False
    rerun: bool = False
    port: int | None = None
    with_powerbi_double: bool = False
    show: bool = False


def run_up(home: Home, plan: Plan, wishes: Wishes, screen: Screen) -> int:
    """Bring a home up, take its days through the dags, and stop everything again at the end.

    Returns
    -------
    int
        Exit code: 0 if every wanted day is green, 1 if not, 130 after Ctrl-C.

    Raises
    ------
    PersonaPulseError
        If something a person must mend keeps it from starting.
    """
    processes = Processes(process_record(home))
    interrupts = Interrupts(processes.hurry)
    postgres = EmbeddedPostgres(home)
    with HomeLock(home) as lock, interrupts.handled(), ExitStack() as at_end:
        at_end.callback(_stop, postgres, processes, interrupts, screen)
        try:
            if names := processes.stop_leftovers():
                screen.say(f"Stopped what an interrupted run had left: {', '.join(names)}.")
            bind_source(home, plan.source)
            port = at_end.enter_context(claimed_port(wishes.port))
            lock.tell(local_address(port))
            meter = MemoryMeter(lambda: _processes(postgres, processes))
            meter.start()
            at_end.callback(meter.stop)
            _start_postgres(postgres, interrupts, screen)
            double = _start_double(home, processes, interrupts, screen) if wishes.with_powerbi_double else None
            environment = airflow_environment(home, postgres, plan.shop(), port) | (
                double.environment if double else {}
            )
            airflow = Airflow(home, environment, processes)
            with _logged_in(home, port) as api:
                _start_airflow(airflow, postgres, api, interrupts, screen)
                parts = chain.Parts(home, postgres, airflow, api, screen)
                is_good = chain.run(parts, plan, again=wishes.rerun)
                if wishes.once:
                    chain.finish_exports(parts)
                _tell_end(home, api, meter, screen, double)
                if wishes.show:
                    _show(dashboard_address(api.address), screen)
                return _stay(airflow, screen, is_good=is_good) if not wishes.once else int(not is_good)
        except KeyboardInterrupt:
            screen.say("Interrupted.")
            return INTERRUPTED


def _start_postgres(postgres: EmbeddedPostgres, interrupts: Interrupts, screen: Screen) -> None:
    with screen.step("Start PostgreSQL") as step, interrupts.held():
        if not postgres.start():
            step.note = "was running already"
    with screen.step("Prepare the warehouse"):
        warehouse.prepare(postgres)


def _start_double(home: Home, processes: Processes, interrupts: Interrupts, screen: Screen) -> Double:
    with screen.step("Start the double of Power BI") as step:
        with interrupts.held():
            start_double(home, processes)
        double = wait_for_double(home, processes)
        step.note = double.address
    return double


def _start_airflow(
    airflow: Airflow, postgres: EmbeddedPostgres, api: AirflowApi, interrupts: Interrupts, screen: Screen
) -> None:
    with screen.step("Prepare Airflow's database") as step:
        if not airflow.migrate(postgres):
            step.note = "up to date"
    with screen.step("Start Airflow") as step:
        with interrupts.held():
            airflow.start()
        airflow.wait_until_healthy(api)
        for dag in DAGS:
            api.unpause(dag)
        step.note = api.address


def _tell_end(home: Home, api: AirflowApi, meter: MemoryMeter, screen: Screen, double: Double | None) -> None:
    meter.stop()  # what comes now is waiting for Ctrl-C
    credentials = Credentials.of(home)
    peak = f", peak memory {meter.peak / 2**30:.1f} GiB" if meter.peak else ""
    screen.say(f"{screen.elapsed():.0f} seconds in all{peak}.")
    screen.say("")
    screen.say(f"Dashboard  {dashboard_address(api.address)}")
    screen.say(f"Airflow    {api.address}")
    screen.say(f"Login      {LOGIN} / {credentials.password}   (kept in {credentials.password_file})")
    screen.say(f"Report     {home.report / 'latest' / 'index.html'}")
    if double:
        screen.say(f"Power BI   {double.address}   (a double: its refreshes, as JSON; docs/powerbi.md#the-double)")
    screen.say(f"Logs       {home.airflow / 'logs'}")


def dashboard_address(airflow: str) -> str:
    """Address of the dashboard within Airflow's pages; who is not logged in is asked to first."""
    return f"{airflow}/plugin/personapulse"


def _show(address: str, screen: Screen) -> None:
    if not webbrowser.open(address):
        screen.say(f"No browser could be opened. Open {address} yourself.")


def _stay(airflow: Airflow, screen: Screen, *, is_good: bool) -> int:
    """Stay until Ctrl-C, which is the ordinary end here."""
    screen.say("\nPress Ctrl-C to stop.")
    tick = Event()
    with suppress(KeyboardInterrupt):
        while True:
            airflow.refuse_if_ended()
            tick.wait(1)
    return int(not is_good)


def _stop(postgres: EmbeddedPostgres, processes: Processes, interrupts: Interrupts, screen: Screen) -> None:
    """Stop what was started here, and nothing else."""
    interrupts.stopping()
    try:
        if processes.members():
            with screen.step("Stop Airflow"):
                processes.stop()
    finally:
        postgres.stop()


@contextmanager
def _logged_in(home: Home, port: int) -> Iterator[AirflowApi]:
    api = AirflowApi(local_address(port), LOGIN, Credentials.of(home).password)
    try:
        yield api
    finally:
        api.close()


def _processes(postgres: EmbeddedPostgres, processes: Processes) -> list[psutil.Process]:
    """Return every process of this home: ours, Airflow's and the server's."""
    found = [psutil.Process(), *processes.members()]
    with suppress(psutil.Error):
        if server := postgres.process():
            found += [server, *server.children(recursive=True)]
    return found
