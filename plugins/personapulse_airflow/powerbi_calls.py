"""Single calls to Power BI, through the provider's hook (its sign-in, proxies, certificates), with answers told apart.

The provider's own calls lose `Retry-After`, send a POST again after 503 and 504, and keep neither start nor kind of a
refresh; `docs/decisions/0022-one-refresh-and-power-bis-own-words.md`.
"""

import datetime
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from airflow.providers.microsoft.azure.hooks.powerbi import PowerBIHook
from azure.core.exceptions import AzureError, ClientAuthenticationError
from kiota_abstractions.response_handler import ResponseHandler
from kiota_http.middleware.options.response_handler_option import ResponseHandlerOption
from kiota_http.middleware.options.retry_handler_option import RetryHandlerOption

from personapulse.powerbi_service.history import Refresh, error_words, read_history

HTTP_SECONDS = 60.0
NEWEST = 100  # rows of the history; above what any licence allows on one day
SIGN_IN_AGAIN = {401, 403}  # Power BI calls an expired token 403


class RefusedError(Exception):
    """Power BI, or the sign-in, says no in a way that trying again does not mend."""


class AwayError(Exception):
    """No answer, or one that says to come back.

    Parameters
    ----------
    message : str
        For people.
    seconds : float, optional
        How long Power BI asks to be left alone.
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class BusyError(AwayError):
    """Another refresh is running."""


class _Raw(ResponseHandler):
    """Hands the answer over as it is."""

    async def handle_response_async(self, response: Any, error_map: Any) -> Any:  # noqa: ARG002 - named by kiota
        """Return the answer."""
        return response


class PowerBICalls:
    """Power BI as one connection sees it, for one semantic model.

    Parameters
    ----------
    connection : str
        Airflow connection id.
    workspace, dataset : str
        Their ids.
    """

    def __init__(self, connection: str, workspace: str, dataset: str) -> None:
        self._hook = PowerBIHook(conn_id=connection, timeout=HTTP_SECONDS)
        self._path = f"myorg/groups/{workspace}/datasets/{dataset}/refreshes"

    async def history(self) -> tuple[tuple[Refresh, ...], datetime.datetime]:
        """Return the refresh history, newest first, and the time by Power BI's clock.

        Raises
        ------
        RefusedError, AwayError
        """
        answer = await self._send("GET", f"{self._path}?$top={NEWEST}")
        told = answer.headers.get("Date")
        now = parsedate_to_datetime(told) if told else datetime.datetime.now(datetime.UTC)
        return read_history(answer.json().get("value", [])), now

    async def start(self, body: dict[str, Any] | None) -> str:
        """Ask for a refresh, once; return its request id, empty if the answer names none.

        Raises
        ------
        RefusedError, AwayError
            `BusyError` if another refresh is running. Whether one that got no answer has started is unknown.
        """
        answer = await self._send("POST", self._path, body)
        named: str = (
            answer.headers.get("RequestId") or answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        )
        return named

    async def _send(self, method: str, url: str, body: dict[str, Any] | None = None) -> httpx.Response:
        answer = await self._signed_in(method, url, body)
        if answer.is_success:
            return answer
        said = f"Power BI answered {answer.status_code}: {_words(answer)}"
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise AwayError(said, _seconds(answer.headers.get("Retry-After")))
        if answer.status_code == httpx.codes.BAD_REQUEST and "already executing" in said:
            raise BusyError(said)
        if answer.is_client_error and answer.status_code != httpx.codes.REQUEST_TIMEOUT:
            raise RefusedError(said)
        raise AwayError(said, _seconds(answer.headers.get("Retry-After")))

    async def _signed_in(self, method: str, url: str, body: dict[str, Any] | None) -> httpx.Response:
        """Send, and once more with a new sign-in: the token may have expired, or the secret was changed meanwhile."""
        with suppress(ClientAuthenticationError):
            answer = await self._try(method, url, body)
            if answer.status_code not in SIGN_IN_AGAIN:
                return answer
        await self._hook.close()
        try:
            return await self._try(method, url, body)
        except ClientAuthenticationError as error:
            raise RefusedError(f"Power BI's sign-in said no: {error.message}") from error

    async def _try(self, method: str, url: str, body: dict[str, Any] | None) -> httpx.Response:
        request = self._hook.request_information(url=url, method=method, data=body)
        request.request_options[ResponseHandlerOption.get_key()] = ResponseHandlerOption(response_handler=_Raw())
        request.request_options[RetryHandlerOption.get_key()] = RetryHandlerOption(should_retry=False)
        try:
            answer: httpx.Response = await self._hook.send_request(request)
        except ClientAuthenticationError as error:
            if _is_away(error):
                raise AwayError(f"Power BI did not answer: its sign-in is away: {error.message}") from error
            raise
        except (AzureError, httpx.TransportError, TimeoutError, OSError) as error:
            raise AwayError(f"Power BI did not answer: {type(error).__name__}: {error}") from error
        except ValueError as error:
            raise RefusedError(f"The connection cannot be used: {error}") from error
        return answer


def _is_away(error: ClientAuthenticationError) -> bool:
    """Whether the sign-in did not say no, but could not say anything: azure-identity makes no difference."""
    status = getattr(error.response, "status_code", None) or 0
    return status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR


def _words(answer: httpx.Response) -> str:
    return error_words(answer.text) or answer.reason_phrase


def _seconds(told: str | None) -> float | None:
    """Read `Retry-After`, which is seconds or a date."""
    if not told:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())
