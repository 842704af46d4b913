"""Agreements by command line: drafted, compared, discussed, and signed by a key of one's own."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api.commands.calling import CaseArgument, Refused, Token, Url, calling, show
from api.commands.options import Data
from api.identity.signing import PrivateKey
from policies.compiler import agreement_digest, compile_terms
from policies.terms import parse_terms
from vault.audit.personal import KeyRefused, PersonalKey

agreements = typer.Typer(help="Agreements: propose, compare, discuss, sign.", no_args_is_help=True)
signing_keys = typer.Typer(help="The keys you sign agreements by.", no_args_is_help=True)

VersionArgument = Annotated[int, typer.Argument(metavar="VERSION")]


@signing_keys.command("new")
def new_signing_key(
    token: Token,
    path: Annotated[Path, typer.Argument(help="File to make; it must not exist.")],
    url: Url = None,
    data: Data = None,
) -> None:
    """Make a private key on this machine, and register its public half: you sign by it from now."""
    key = PrivateKey.generate()
    key.save(path)
    with calling(token, url, data) as http:
        show(http.post("/v1/signing-keys", json={"public_key": key.public_text()}))


@signing_keys.command("register")
def register_signing_key(
    token: Token,
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    url: Url = None,
    data: Data = None,
) -> None:
    """Register the public half of an Ed25519 key that you have as a PEM file."""
    key = PrivateKey.load(path)
    with calling(token, url, data) as http:
        show(http.post("/v1/signing-keys", json={"public_key": key.public_text()}))


@signing_keys.command("list")
def list_signing_keys(token: Token, url: Url = None, data: Data = None) -> None:
    """List your own signing keys, the one that signs first."""
    with calling(token, url, data) as http:
        show(http.get("/v1/signing-keys"))


@agreements.command("template")
def template(
    token: Token,
    name: Annotated[str | None, typer.Argument(help="Which; all of them if left out.")] = None,
    side: Annotated[list[str] | None, typer.Option(help="Id of a side; give one for each.")] = None,
    provider: Annotated[
        list[str] | None, typer.Option(help="A side of the professionals, where that is asked.")
    ] = None,
    terms: Annotated[
        bool, typer.Option("--terms", help="The agreement alone, as `propose` takes it.")
    ] = False,
    url: Url = None,
    data: Data = None,
) -> None:
    """Write an agreement for a known instrument, with what of it is not carried."""
    path = "/v1/scope/templates" + ("" if name is None else f"/{quote(name, safe='')}")
    query = {"side": side or [], "provider": provider or []}
    with calling(token, url, data) as http:
        show(http.get(path, params=query), only="terms" if terms and name else None)


@agreements.command("propose")
def propose(
    token: Token,
    case: CaseArgument,
    terms: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    amends: Annotated[
        int | None, typer.Option(help="The draft it is made from; yours is replaced.")
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Propose an agreement from a JSON file (docs/scope-language.md)."""
    with calling(token, url, data) as http:
        show(
            http.post(
                f"/v1/cases/{case}/agreements",
                content=terms.read_bytes(),
                params={} if amends is None else {"amends": amends},
                headers={"Content-Type": "application/json"},
            )
        )


@agreements.command("withdraw")
def withdraw(
    token: Token, case: CaseArgument, version: VersionArgument, url: Url = None, data: Data = None
) -> None:
    """Take a draft back; who proposed it does this, or the mediator."""
    with calling(token, url, data) as http:
        show(http.post(f"/v1/cases/{case}/agreements/{version}/withdrawal"))


@agreements.command("show")
def show_agreement(
    token: Token,
    case: CaseArgument,
    version: Annotated[int | None, typer.Argument(metavar="VERSION")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show one version of the agreement, or all of them; that it reached you is on record."""
    path = f"/v1/cases/{case}/agreements" + ("" if version is None else f"/{version}")
    with calling(token, url, data) as http:
        show(http.get(path))


@agreements.command("diff")
def diff(
    token: Token,
    case: CaseArgument,
    version: VersionArgument,
    against: Annotated[
        int | None, typer.Option(help="The other version; the one in force if left out.")
    ] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Compare two versions clause by clause."""
    params = {} if against is None else {"against": against}
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/agreements/{version}/diff", params=params))


@agreements.command("what-if")
def what_if(
    token: Token, case: CaseArgument, version: VersionArgument, url: Url = None, data: Data = None
) -> None:
    """Show what a version would change for whom, against the version in force."""
    with calling(token, url, data) as http:
        show(http.get(f"/v1/cases/{case}/agreements/{version}/what-if"))


@agreements.command("comment")
def comment(
    token: Token,
    case: CaseArgument,
    version: VersionArgument,
    text: Annotated[str, typer.Argument(help="What you say to everybody seated; sealed.")],
    clause: Annotated[str | None, typer.Option(help="Id of the clause that you speak of.")] = None,
    url: Url = None,
    data: Data = None,
) -> None:
    """Say something of a version to everybody seated."""
    body = {"text": text} | ({} if clause is None else {"clause": clause})
    with calling(token, url, data) as http:
        show(http.post(f"/v1/cases/{case}/agreements/{version}/comments", json=body))


@agreements.command("comments")
def comments(
    token: Token,
    case: CaseArgument,
    version: VersionArgument,
    after: Annotated[int, typer.Option(help="`next` of the page before.")] = -1,
    url: Url = None,
    data: Data = None,
) -> None:
    """Show what was said of a version, oldest first."""
    with calling(token, url, data) as http:
        path = f"/v1/cases/{case}/agreements/{version}/comments"
        show(http.get(path, params={"after": after}))


@agreements.command("sign")
def sign(
    token: Token,
    case: CaseArgument,
    version: VersionArgument,
    digest: Annotated[str, typer.Argument(help="As you read it with `agreement show`.")],
    key: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="Your private key; it is not sent."),
    ],
    url: Url = None,
    data: Data = None,
) -> None:
    """Sign the exact version you have read, by your own key."""
    body = {"digest": digest, "signature": PrivateKey.load(key).sign_agreement(digest)}
    with calling(token, url, data) as http:
        show(http.post(f"/v1/cases/{case}/agreements/{version}/signatures", json=body))


@agreements.command("verify")
def verify(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="What `agreement show` printed.")
    ],
) -> None:
    """Verify the signatures under a version without the vault: its words, rows and keys."""
    try:
        shown: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        terms, case = parse_terms(shown["terms"]), str(shown["case"])
        digest = agreement_digest(case, shown["version"], terms, compile_terms(case, terms))
        signatures: list[dict[str, str]] = shown["signatures"]
        for signature in signatures:
            key = PersonalKey.parse(signature["public_key"])
            key.verify(digest, signature["signature"])
            typer.echo(f"Signed by key {key.key_id}, of person {signature['person']}.")
    except KeyRefused as error:
        raise Refused("A signature is not one of these terms, in this case and version.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("This is not what `subrosa agreement show` prints of one version.") from error
    typer.echo(
        f"{len(signatures)} signatures verify, over digest {digest}. Whose a key is, is the word "
        "of whoever gave you the file: ask the person for their key."
    )
