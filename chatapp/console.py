"""The administrator's door: bin/chat. A result stands alone on the last line of standard output;
an error is one sentence on standard error, and the exit code is not 0.

Imports are made where they are needed: --help should not wait for a database driver.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from config import Config, ConfigError

if TYPE_CHECKING:
    from chatapp.types import Caller

SLUG = click.option("--workspace", "slug", required=True, metavar="SLUG")
EMAIL = click.option("--email", required=True)
ROLE = click.Choice(["member", "admin", "owner"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def chat() -> None:
    """Look after the chat from the command line, on the settings of the server."""


@chat.group()
def workspace() -> None:
    """Workspaces."""


@chat.group()
def user() -> None:
    """People."""


@chat.group()
def room() -> None:
    """Rooms."""


@contextmanager
def _application() -> Iterator[None]:
    """The application without its doors; what it raises becomes a sentence for the operator."""
    try:
        config = Config.from_env({**os.environ, "ASYNC_MODE": "threading"})
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    from chatapp import create_app  # noqa: PLC0415
    from chatapp.errors import ChatError  # noqa: PLC0415

    with create_app(config).app_context():
        try:
            yield
        except ChatError as error:
            reasons = [reason for field in error.details.values() for reason in _texts(field)]
            raise click.ClickException(reasons[0] if reasons else error.message) from None


def _texts(field: object) -> list[str]:
    return [str(text) for text in field] if isinstance(field, list) else [str(field)]


def _command(group: click.Group, name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command inside the application; what it returns is printed."""

    def decorate(command: Callable[..., Any]) -> click.Command:
        @wraps(command)
        def run(**given: Any) -> None:
            with _application():
                result = command(**given)
            if result is not None:
                click.echo(result)

        return group.command(name)(run)

    return decorate


def _operator(slug: str) -> Caller:
    from chatapp.actions import workspaces  # noqa: PLC0415

    return workspaces.operator(slug)


@_command(workspace, "create")
@click.argument("slug")
@click.option("--name", required=True)
def create_workspace(slug: str, name: str) -> str:
    """Make a workspace; prints its id."""
    from chatapp.actions import workspaces  # noqa: PLC0415

    return workspaces.create(slug=slug, name=name).id


@_command(workspace, "suspend")
@click.argument("slug")
def suspend_workspace(slug: str) -> str:
    """Close a workspace and end its sessions; prints its id."""
    from chatapp.actions import workspaces  # noqa: PLC0415

    caller = _operator(slug)
    workspaces.suspend(caller)
    return caller.tenant_id


@_command(workspace, "restore")
@click.argument("slug")
def restore_workspace(slug: str) -> str:
    """Open a suspended workspace again; prints its id."""
    from chatapp.actions import workspaces  # noqa: PLC0415

    caller = _operator(slug)
    workspaces.restore(caller)
    return caller.tenant_id


@_command(user, "create")
@SLUG
@EMAIL
@click.option("--name", required=True)
@click.option("--role", type=ROLE, default="member", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(slug: str, email: str, name: str, role: Any, password_stdin: bool) -> str:
    """Make an account; prints its id."""
    from chatapp.actions import people  # noqa: PLC0415

    caller = _operator(slug)
    password = _password(password_stdin)
    return people.create(caller, email=email, name=name, role=role, password=password).id


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("Give the password on standard input, with --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@_command(user, "disable")
@SLUG
@EMAIL
def disable_user(slug: str, email: str) -> str:
    """Close an account and end its sessions; prints its id."""
    from chatapp.actions import people  # noqa: PLC0415

    caller = _operator(slug)
    return people.change(caller, user_id=people.by_email(caller, email=email).id, disabled=True).id


@_command(room, "create")
@SLUG
@click.argument("name")
@click.option("--private", is_flag=True)
def create_room(slug: str, name: str, private: bool) -> str:
    """Make a room; prints its id. Whoever is added first administers it."""
    from chatapp.actions import rooms  # noqa: PLC0415

    return rooms.found(_operator(slug), name=name, kind="private" if private else "public").id


@_command(room, "add")
@SLUG
@click.argument("name")
@click.argument("email")
def add_to_room(slug: str, name: str, email: str) -> str:
    """Bring somebody into a room; prints their id."""
    from chatapp.actions import members, people, rooms  # noqa: PLC0415

    caller = _operator(slug)
    found, person = rooms.named(caller, name=name), people.by_email(caller, email=email)
    members.add(caller, room_id=found.id, user_ids=[person.id])
    return person.id


@_command(chat, "token")
@SLUG
@EMAIL
@click.option("--ttl", default=86_400, show_default=True, metavar="SECONDS", type=click.IntRange(1))
def issue_token(slug: str, email: str, ttl: int) -> str:
    """Print a bearer token: the socket's auth.token, and Authorization: Bearer on /api/v1."""
    from chatapp.actions import people, sessions  # noqa: PLC0415

    caller = _operator(slug)
    return sessions.issue_token(caller, user_id=people.by_email(caller, email=email).id, ttl=ttl)


@_command(chat, "demo")
def demo() -> str | None:
    """Make the demo workspace; prints how to sign in, or nothing when it is there already."""
    from chatapp.actions import members, people, rooms, workspaces  # noqa: PLC0415
    from chatapp.errors import Conflict  # noqa: PLC0415

    try:
        workspaces.create(slug="demo", name="Demo")
    except Conflict:
        return None
    caller, made = _operator("demo"), []
    general = rooms.found(caller, name="general", kind="public")
    for name, role in (("Ada", "owner"), ("Bob", "member")):
        email, password = f"{name.lower()}@demo.test", _typeable()
        person = people.create(caller, email=email, name=name, role=role, password=password)  # type: ignore[arg-type]
        members.add(caller, room_id=general.id, user_ids=[person.id])
        made.append({"email": email, "name": name, "password": password})
    return json.dumps({"workspace": "demo", "people": made, "room": "general"})


def _typeable() -> str:
    """A password of 59 bits that can be read off one screen and typed at another."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


@_command(chat, "doctor")
def doctor() -> None:
    """Check the settings, Redis, the database, the queue and the clocks: one line each."""
    from flask import current_app  # noqa: PLC0415

    from chatapp.actions import doctor as doctors  # noqa: PLC0415

    settings = current_app.config
    hosts = ", ".join(settings["ALLOWED_HOSTS"]) or "any host"
    cookies = "secure cookies" if settings["SECURE_COOKIES"] else "cookies without TLS"
    click.echo(f"ok    settings: {settings['SHARDS']} shards, {hosts}, {cookies}")
    findings = doctors.examine()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'FAIL'}  {finding.about}: {finding.words}")
    if not all(finding.well for finding in findings):
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    chat(prog_name="bin/chat")
