"""Refusals on the command line: one line for the administrator instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from config import ConfigError
from services import database
from services.database import DatabaseProblem
from services.keyring import KeyringError
from services.refused import Refused

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@contextmanager
def one_line() -> Iterator[None]:
    """Under the flask command, what an administrator must know ends the command in one line.

    Elsewhere (in tests, in another server) the exception stays what it is.
    """
    try:
        yield
    except (ConfigError, DatabaseProblem, KeyringError, Refused) as error:
        if click.get_current_context(silent=True) is None:
            raise
        raise click.ClickException(str(error)) from None


def on_the_database(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """For commands that work on the tables: they must be there and up to date."""

    @wraps(command)
    def checked(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        with one_line():
            if not database.exists():
                raise DatabaseProblem("There is no database yet. Run: flask --app app migrate")
            database.connect()
            if not database.is_current():
                raise DatabaseProblem("The database is of another version. Run: flask --app app migrate")
            return command(*arguments, **named)

    return checked
