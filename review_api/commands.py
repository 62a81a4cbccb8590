"""`saqshy users …` and `export`, and the users a first start makes.

Imports of services stand inside the functions: every start of `saqshy` loads
this module.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.orm import Session

from models.audit import OPERATOR
from models.blobs import write_durably
from models.enums import Agency, Role
from models.errors import NotFound, Rejected
from models.installation import Installation, open_installation
from models.worker import utc_now

if TYPE_CHECKING:
    from review_api.services import Services

UserName = Annotated[str, typer.Argument(help="Name the person signs in with.")]

users = typer.Typer(no_args_is_help=True, help="People: add, list, disable, enable, password.")


class NotAnOfficer(Rejected):
    """The person's role does not make releases."""

    status = 403


class CannotWrite(Rejected):
    """A file or folder is in the way."""


def open_services(home: Installation) -> "Services":
    """The services that the screens use, for commands of this room."""
    from index.engines import open_engine
    from review_api.services import build_services

    return build_services(home.settings, home.database, home.audit, open_engine(home.settings))


@users.command(name="list")
def list_users() -> None:
    """Show all people."""
    home = open_installation()
    with home.database.read() as session:
        for user in open_services(home).people.list_users(session):
            state = "disabled" if user.disabled_at else "enabled"
            typer.echo(
                f"{user.name:20} {user.role.value:10} {user.agency.value:5} {state:9} {user.display_name}"
            )


@users.command()
def add(
    name: UserName,
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    agency: Annotated[Agency, typer.Option(help="Body the person works for.")],
    display_name: Annotated[str | None, typer.Option(help="Name shown on the screens.")] = None,
) -> None:
    """Add a person; a random first password is printed once."""
    from review_api.auth.passwords import random_password

    home, password = open_installation(), random_password()
    with home.database.write() as session:
        open_services(home).people.create_user(
            session,
            name=name,
            display_name=display_name or name,
            role=role,
            agency=agency,
            password=password,
            actor=OPERATOR,
            now=utc_now(),
        )
    typer.echo(f"{name} may sign in with the password {password}")


@users.command()
def password(name: UserName) -> None:
    """Give a person a new random password, printed once; all their logins end."""
    from review_api.auth.passwords import random_password

    home, new = open_installation(), random_password()
    services = open_services(home)
    with home.database.write() as session:
        services.people.set_password(session, user_id(session, name), new, actor=OPERATOR, now=utc_now())
    typer.echo(f"{name} may sign in with the password {new}")


@users.command()
def disable(name: UserName) -> None:
    """Shut a person out; all their logins end at once."""
    home = open_installation()
    services = open_services(home)
    with home.database.write() as session:
        services.people.disable_user(session, user_id(session, name), actor=OPERATOR, now=utc_now())
    typer.echo(f"{name} is shut out.")


@users.command()
def enable(name: UserName) -> None:
    """Let a person in again."""
    home = open_installation()
    services = open_services(home)
    with home.database.write() as session:
        services.people.enable_user(session, user_id(session, name), actor=OPERATOR, now=utc_now())
    typer.echo(f"{name} may sign in again.")


def user_id(session: Session, name: str) -> int:
    """Row of a person.

    Raises:
        NotFound: nobody has the name.
    """
    from review_api.auth.repository import find_user

    user = find_user(session, name)
    if user is None:
        raise NotFound(f"There is no user {name}. `saqshy users list` shows all.")
    return user.id


def first_administrator(home: Installation) -> Sequence[str]:
    """Make an administrator when nobody exists yet; lines to print at the first start."""
    from review_api.auth.passwords import random_password

    services, secret = open_services(home), random_password()
    with home.database.write() as session:
        if services.people.list_users(session):
            return ["Sign in with your name and password."]
        services.people.create_user(
            session,
            name="admin",
            display_name="Administrator",
            role=Role.ADMIN,
            agency=Agency.MKI,
            password=secret,
            actor=OPERATOR,
            now=utc_now(),
        )
    return [f"Sign in as admin with the password {secret} (shown once) and add your people."]


def sample_users(home: Installation) -> Sequence[str]:
    """Make the demonstration's users once; lines that name them and their passwords at every start.

    The passwords are kept beside the data, readable by the owner only: a
    demonstration that is stopped and started again stays usable.
    """
    services, file = open_services(home), home.settings.data_dir / "demo-users.json"
    with home.database.write() as session:
        made = services.people.create_sample_users(session, now=utc_now())
        if made:
            file.unlink(missing_ok=True)
            write_durably(file, json.dumps([[u.name, u.role.value, u.password] for u in made]).encode())
    if not file.exists():
        return ["Sign in with your name and password."]
    rows = json.loads(file.read_bytes())
    return [
        "Sample users (name, role, password):",
        *(f"  {n:12} {role:10} {secret}" for n, role, secret in rows),
    ]


def export(
    folder: Annotated[
        Path, typer.Argument(help="Folder to write the release's files to; it must not exist.")
    ],
    number: Annotated[int | None, typer.Option(help="Which release; the newest unless given.")] = None,
    make: Annotated[bool, typer.Option("--make", help="Make a new release first, as an officer.")] = False,
) -> None:
    """Write the files of a release to a folder, checked before they leave.

    With --make the officer's name and password are asked for, as on the screen.
    """
    from review_api.blocklist.names import folder_name

    home = open_installation()
    services = open_services(home)
    if folder.exists():
        raise CannotWrite(f"{folder} exists already; name a new folder.")
    if make:
        number = _make_release(home, services)
    with home.database.read() as session:
        releases = services.releases.list_releases(session)
        if not releases:
            raise CannotWrite("There is no release yet. Make one with --make or on the screen.")
        wanted = number if number is not None else releases[0].number
        check = services.releases.verify_release(session, wanted)
    if not check.is_whole:
        raise CannotWrite(f"Release {wanted} is damaged and is not given out. Run: saqshy verify")
    shutil.copytree(home.settings.releases_dir / folder_name(wanted), folder)
    typer.echo(f"Release {wanted}: {', '.join(sorted(path.name for path in folder.iterdir()))} in {folder}")


def _make_release(home: Installation, services: "Services") -> int:
    """Make a release in the name of an officer who signs in on the terminal."""
    name, secret = typer.prompt("Officer's name"), typer.prompt("Password", hide_input=True)
    person = services.auth.sign_in(name, secret, address="terminal", now=utc_now()).person
    try:
        if person.role is not Role.OFFICER:
            raise NotAnOfficer(f"{name} is no officer; only an officer makes a release.")
        return services.releases.make_release(person.actor, now=utc_now()).number
    finally:
        with home.database.write() as session:
            services.auth.sign_out(session, person, now=utc_now())


def finish_interrupted_releases(home: Installation) -> None:
    """Do the last step of releases that a crash left before it."""
    with home.database.read() as session:
        open_services(home).releases.finish_interrupted(session)


def release_damages(home: Installation) -> Iterator[str]:
    """Check every release: files, hashes, signature, count, numbers without gaps."""
    services = open_services(home)
    with home.database.read() as session:
        for damage in services.releases.verify_releases(session):
            yield f"release {damage.number}, {damage.file}: {damage.problem}"
