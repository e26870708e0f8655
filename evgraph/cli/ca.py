"""The operator's certificate authority: for wss of one's own, and for charge points with certificates (profile 3)."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate
from rich.table import Table

from evgraph.cli.common import DatabaseUrl, fail, in_house, out, settings_of, show, stamp
from evgraph.models import CertificateRow
from evgraph.services.authority import (
    KEY_FILE,
    ROOT_FILE,
    Authority,
    AuthorityExists,
    KeyKind,
    NoAuthority,
    write_new,
)
from evgraph.services.house import Services

ca = typer.Typer(help="The operator's certificate authority (TLS, security profile 3).", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option("--dir", envvar="EVGRAPH_CA_DIR", help="The authority's folder.  [default: var/ca]"),
]


@ca.command("init")
def ca_init(
    name: Annotated[str, typer.Option(help="Common name of the root certificate.")] = "EVGraph operator CA",
    organization: Annotated[
        str | None,
        typer.Option(help="Stands in every certificate; a charge point that names another is not signed for."),
    ] = None,
    key: Annotated[
        KeyKind, typer.Option(help="RSA, which every OCPP 1.6 charger verifies, or an elliptic curve.")
    ] = KeyKind.RSA_3072,
    folder: Folder = None,
) -> None:
    """Make a certificate authority; prints its root certificate, which charge points must trust. Never overwrites."""
    place = _folder(folder)
    try:
        made = Authority.create(place, name=name, organization=organization, kind=key, now=datetime.now(UTC))
    except (AuthorityExists, OSError, ValueError) as failure:
        fail(str(failure))
    out.print(f"The key lies in {place / KEY_FILE}: keep it to yourself, and a copy of it elsewhere.", soft_wrap=True)
    out.print(f"The root certificate, {place / ROOT_FILE}, is for everyone:", soft_wrap=True)
    _plain(made.root_pem)


@ca.command("show")
def ca_show(folder: Folder = None) -> None:
    """Print the root certificate: whose it is, until when, its fingerprint, and its PEM."""
    authority = _load(folder)
    out.print(f"subject      {authority.root.subject.rfc4514_string()}", soft_wrap=True)
    out.print(f"valid until  {stamp(authority.root.not_valid_after_utc)} UTC")
    out.print(f"SHA-256      {_fingerprint(authority.root)}", soft_wrap=True)
    _plain(authority.root_pem)


@ca.command("issue-server")
def ca_issue_server(
    hosts: Annotated[list[str], typer.Argument(help="Host names and addresses that chargers reach this server by.")],
    into: Annotated[Path | None, typer.Option("--into", help="Where to.  [default: servers/ in its folder]")] = None,
    folder: Folder = None,
) -> None:
    """Issue a server certificate, for `evgraph serve --tls-cert --tls-key`. Never overwrites."""
    authority, place = _load(folder), into or _folder(folder) / "servers"
    file = place / re.sub(r"[^A-Za-z0-9.-]", "_", hosts[0])
    certificate, key = file.with_name(file.name + ".pem"), file.with_name(file.name + ".key")
    try:
        made, secret = authority.issue_server(hosts, datetime.now(UTC))
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(key, secret, mode=0o600)
        write_new(certificate, made, mode=0o644)
    except FileExistsError as failure:
        fail(f"{failure.filename} is there already. Move it away, or give another folder with --into.")
    except (OSError, ValueError) as failure:
        fail(f"No certificate was issued: {failure}")
    out.print(f"For {', '.join(hosts)}. Serve with it:", soft_wrap=True)
    out.print(f"  evgraph serve --tls-cert {certificate} --tls-key {key}", soft_wrap=True)


@ca.command("list")
def ca_list(database_url: DatabaseUrl = None) -> None:
    """List the certificates that were signed for charge points, newest first."""

    async def run(_: Services) -> None:
        table = Table("Serial", "Charge point", "State", "Valid until (UTC)")
        for row in await CertificateRow.all().order_by("-id").select_related("charge_point"):
            table.add_row(row.serial, row.charge_point.identity, row.state.value, stamp(row.not_after))
        show(table)

    in_house(run, database_url)


@ca.command("revoke")
def ca_revoke(
    serial: Annotated[str, typer.Argument(help="Serial number, as `evgraph ca list` shows it.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke a charge point's certificate: it is refused from its next connection on."""

    async def run(house: Services) -> None:
        revoked, identity = await house.certificates.revoke_serial(serial)
        out.print(f"Certificate {revoked.serial} of [bold]{identity}[/] is revoked.", soft_wrap=True)

    in_house(run, database_url)


def _folder(given: Path | None) -> Path:
    return given or settings_of().ca_dir


def _load(folder: Path | None) -> Authority:
    try:
        return Authority.load(_folder(folder))
    except NoAuthority as failure:
        fail(str(failure))


def _fingerprint(certificate: Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _plain(pem: str) -> None:
    """To be copied: neither wrapped nor coloured."""
    typer.echo(pem, nl=False)
