"""The connection to Elasticsearch: settings of the client, and its errors in plain words."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, TlsError
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    Elasticsearch,
    NotFoundError,
    UnsupportedProductError,
)

from index.engine import NO_INDEX, IndexMissing, IndexUnavailable
from models.config import Settings
from models.errors import BadSettings

REQUEST_SECONDS = 30.0


def make_client(settings: Settings) -> Elasticsearch:
    """Make the client that the settings describe; nothing is asked of the server yet.

    Raises:
        BadSettings: settings that contradict each other.
    """
    if settings.search_url is None:
        raise BadSettings("SAQSHY_SEARCH_URL is not set.")
    options: dict[str, Any] = {}  # Any: keyword arguments of the client
    if settings.search_ca_file is not None:
        if not settings.search_ca_file.is_file():
            raise BadSettings(f"SAQSHY_SEARCH_CA_FILE: there is no file {settings.search_ca_file}.")
        options["ca_certs"] = str(settings.search_ca_file)
    if settings.search_api_key is not None:
        if settings.search_user is not None:
            raise BadSettings("Set either SAQSHY_SEARCH_API_KEY or SAQSHY_SEARCH_USER, not both.")
        options["api_key"] = settings.search_api_key.get_secret_value()
    elif settings.search_user is not None:
        if settings.search_password is None:
            raise BadSettings("SAQSHY_SEARCH_USER needs SAQSHY_SEARCH_PASSWORD.")
        pair = f"{settings.search_user}:{settings.search_password.get_secret_value()}"
        # The client's own basic_auth knows ASCII only; the server reads UTF-8 (RFC 7617).
        options["headers"] = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    try:
        return Elasticsearch(
            settings.search_url,
            request_timeout=REQUEST_SECONDS,
            # Refused items are tried again by us, with pauses; the client would hurry.
            retry_on_status=(),
            max_retries=1,
            **options,
        )
    except ValueError as error:
        raise BadSettings(f"SAQSHY_SEARCH_URL cannot be used: {error}") from error


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the client raises into errors a person can act on; a refused request of ours is a bug."""
    try:
        yield
    except TlsError as error:
        raise IndexUnavailable(
            "The search server's certificate is not trusted. Check SAQSHY_SEARCH_CA_FILE.", delay_seconds=60
        ) from error
    except ConnectionTimeout as error:
        raise IndexUnavailable("The search server did not answer in time.", delay_seconds=30) from error
    except NoConnection as error:
        raise IndexUnavailable("The search server cannot be reached.", delay_seconds=30) from error
    except (AuthenticationException, AuthorizationException) as error:
        raise IndexUnavailable(_refusal(error), delay_seconds=60) from error
    except UnsupportedProductError as error:
        raise IndexUnavailable(
            "What answers at SAQSHY_SEARCH_URL is not Elasticsearch.", delay_seconds=60
        ) from error
    except NotFoundError as error:
        raise IndexMissing(NO_INDEX, delay_seconds=10) from error
    except ApiError as error:
        if error.status_code not in (408, 429) and error.status_code < 500:
            raise
        raise IndexUnavailable(
            f"The search server cannot work now (status {error.status_code}).", delay_seconds=30
        ) from error


def _refusal(error: ApiError) -> str:
    if error.error == "cluster_block_exception":
        return "The search index is read-only. Check the search server's disk space and index settings."
    return (
        "The search server refuses our credentials. "
        "Check SAQSHY_SEARCH_API_KEY, or SAQSHY_SEARCH_USER and SAQSHY_SEARCH_PASSWORD."
    )
