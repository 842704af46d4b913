"""The main job is done once from end to end over HTTP, and every deviation from the story noted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from api.demo import story
from api.demo.agreement import SIDES, first_agreement, second_agreement
from api.demo.journal import Journal
from api.demo.outcome import Deposited, Outcome, Seated
from api.demo.paper import IMAGING_BYTES
from api.demo.people import Caller, connected
from api.demo.reading import Held, look_at_everything, read_whole, try_out_of_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from api.demo.paper import Paper
    from api.demo.people import People
    from api.demo.story import Attempt, Member

    Deposit = Callable[[Caller, str, Paper, Journal], Held]

_IMAGING: Final = "imaging"
# Long enough to read once from a busy machine, short enough to wait for its end.
_FORMER_SEAT: Final = timedelta(seconds=3)
_EXPERT_SEAT: Final = timedelta(days=story.EXPERT_DAYS)


class ExtraMissing(Exception):
    """The libraries that make the sample files are not installed."""

    def __init__(self) -> None:
        super().__init__("The sample case needs its extra: install `subrosa[demo]`.")


@dataclass(frozen=True, slots=True)
class _Stage:
    """A case that is open: who speaks, where each seat ends, and what has been deposited."""

    case: str
    people: People
    callers: Mapping[str, Caller]
    deposit: Deposit
    journal: Journal
    expert_until: datetime
    seats: list[Seated] = field(default_factory=list[Seated])
    held: dict[str, Held] = field(default_factory=dict[str, Held])

    @property
    def path(self) -> str:
        return f"/v1/cases/{self.case}"


def run(base_url: str, people: People, report: Callable[[str], None]) -> Outcome:
    """Play the sample case on a vault: a new case, its documents, every seat and every refusal.

    Args:
        base_url: Where the vault is served.
        people: The cast, newly enrolled; the mediator may open cases.
        report: Told one line for each step.

    Raises:
        Stopped: A request was refused that must succeed for the case to go on.
        ExtraMissing: The `demo` extra is not installed.
    """
    try:
        from api.demo.depositing import deposit  # noqa: PLC0415 — slow, and of an optional extra
    except ModuleNotFoundError as error:
        raise ExtraMissing from error
    journal = Journal(report)
    with connected(base_url) as http:
        callers = {key: Caller(http, person.token) for key, person in people.members.items()}
        with journal.step("open_and_seat"):
            stage = _open_and_seat(people, callers, deposit, journal)
        sentences = _play(stage)
    report(f"{journal.refused} requests beyond a seat's scope were refused")
    return Outcome(
        case=stage.case,
        seats=tuple(stage.seats),
        documents=tuple(_deposited(paper, stage.held[key]) for key, paper in story.PAPERS.items()),
        matrix=tuple(journal.matrix),
        refusals=tuple(journal.refusals),
        sentences=sentences,
        timings=journal.timings,
        off=tuple(journal.off),
    )


def _play(stage: _Stage) -> Mapping[str, str]:
    """Go through the case from its first record on; return the agreement's sentences."""
    step = stage.journal.step
    with step("agree"):
        sentences = _agree(stage)
    with step("deposit_records"):
        _deposit_records(stage)
    with step("imaging_upload", IMAGING_BYTES):
        _deposit(stage, _IMAGING)
    with step("mediate_and_settle"):
        _mediate_and_settle(stage)
    with step("every_seat_asks_for_everything"):
        former_until = _seat_former_expert(stage)
        _look_round(stage)
    with step("imaging_download", IMAGING_BYTES):
        imaging = stage.held[_IMAGING]
        read_whole(stage.callers["expert"], imaging, stage.journal, "imaging, read whole")
    with step("try_what_is_out_of_scope"):
        time.sleep(max(0.0, (former_until - datetime.now(UTC)).total_seconds()))
        _try(stage, story.OUT_OF_SCOPE)
    return sentences


def _open_and_seat(
    people: People, callers: Mapping[str, Caller], deposit: Deposit, journal: Journal
) -> _Stage:
    mediator, *others = story.CAST
    opened = callers[mediator.key].send(
        "/v1/cases", json={"title": story.TITLE, "sides": SIDES, "name": mediator.name}
    )
    stage = _Stage(
        case=opened["case"],
        people=people,
        callers=callers,
        deposit=deposit,
        journal=journal,
        expert_until=(datetime.now(UTC) + _EXPERT_SEAT).replace(microsecond=0),
    )
    stage.seats.append(
        Seated(
            seat=opened["seat"],
            name=mediator.name,
            organisation=None,
            person=people[mediator.key].person,
            seated_until=None,
        )
    )
    for member in others:
        if member.key not in (story.FORMER_EXPERT, story.OUTSIDER):
            _seat(stage, member, stage.expert_until if member.seat == "expert" else None)
    return stage


def _seat(stage: _Stage, member: Member, until: datetime | None) -> None:
    answer = stage.callers["mediator"].send(
        f"{stage.path}/participants",
        json={
            "person": stage.people[member.key].person,
            "seat": member.seat,
            "name": member.name,
            "organisation": member.organisation,
            "seated_until": None if until is None else until.isoformat(),
        },
    )
    members = ("seat", "name", "organisation", "person", "seated_until")
    stage.seats.append(Seated(**{name: answer[name] for name in members}))


def _agree(stage: _Stage) -> Mapping[str, str]:
    """Sign the first agreement; until the last signature nobody else sees the first record."""
    _deposit(stage, "chart")
    _register_keys(stage)
    terms = first_agreement(_instant(stage.expert_until))
    version = _propose(stage, "mediator", terms)
    _sign(stage, "party:claimant", version)
    _try(stage, story.BEFORE_SIGNING)
    signed = _sign(stage, "party:respondent", version)
    nobody: list[str] = []
    found = (signed["in_force"], signed["awaited"])
    stage.journal.expect((True, nobody), found, "agreement 1, signed by both sides")
    for depositor in {paper.by for paper in story.PAPERS.values()}:
        # Nobody deposits under terms that they have not read.
        stage.callers[depositor].get(f"{stage.path}/agreements/{version}")
    return signed["sentences"]


def _deposit_records(stage: _Stage) -> None:
    """Bring what existed before the mediation, in exchange."""
    _enter(stage, "exchange")
    for paper in story.PAPERS.values():
        if not paper.made and paper.key not in (_IMAGING, "chart"):
            _deposit(stage, paper.key)


def _mediate_and_settle(stage: _Stage) -> None:
    """Bring what is made for the mediation; the patient signs a second draft, the clinic not."""
    _enter(stage, "mediation")
    for paper in story.PAPERS.values():
        if paper.made and not paper.joint:
            _deposit(stage, paper.key)
    _try(stage, story.BEFORE_SETTLEMENT)
    draft = _propose(stage, "counsel:claimant", second_agreement(_instant(stage.expert_until)))
    signed = _sign(stage, "party:claimant", draft)
    awaited = [stage.people[who].person for who in ("party:respondent", "expert")]
    found = (signed["in_force"], [signatory["person"] for signatory in signed["awaited"]])
    stage.journal.expect((False, awaited), found, "draft 2, signed by one side")
    _enter(stage, "settlement")
    _deposit(stage, "settlement")


def _seat_former_expert(stage: _Stage) -> datetime:
    """Seat an expert for seconds, who reads at once; return when the seat ends."""
    until = datetime.now(UTC) + _FORMER_SEAT
    _seat(stage, next(m for m in story.CAST if m.key == story.FORMER_EXPERT), until)
    caller = stage.callers[story.FORMER_EXPERT]
    read_whole(caller, stage.held["chart"], stage.journal, "chart, by an expert still seated")
    return until


def _look_round(stage: _Stage) -> None:
    sights = story.must_see()
    held = {key: stage.held[key] for key in story.PAPERS}
    for seat in dict.fromkeys(seat for seat, _ in sights):
        look_at_everything(seat, stage.callers[seat], stage.case, held, sights, stage.journal)


def _deposit(stage: _Stage, key: str) -> None:
    paper = story.PAPERS[key]
    caller = stage.callers[paper.by]
    stage.held[key] = stage.deposit(caller, stage.case, paper, stage.journal)


def _try(stage: _Stage, attempts: Iterable[Attempt]) -> None:
    try_out_of_scope(stage.callers, attempts, stage.held, stage.journal)


def _enter(stage: _Stage, phase: str) -> None:
    stage.callers["mediator"].send(f"{stage.path}/phase", method="PUT", json={"phase": phase})


def _propose(stage: _Stage, who: str, terms: dict[str, Any]) -> int:
    return stage.callers[who].send(f"{stage.path}/agreements", json=terms)["version"]


def _sign(stage: _Stage, who: str, version: int) -> dict[str, Any]:
    """Sign the version that this party reads, and no other, by the party's own key."""
    caller, key = stage.callers[who], stage.people[who].key
    path = f"{stage.path}/agreements/{version}"
    digest = caller.get(path)["digest"]
    body = {"digest": digest, "signature": key.sign_agreement(digest)}
    return caller.send(f"{path}/signatures", json=body)


def _register_keys(stage: _Stage) -> None:
    for who in ("party:claimant", "party:respondent"):
        public_key = stage.people[who].key.public_text()
        stage.callers[who].send("/v1/signing-keys", json={"public_key": public_key})


def _instant(moment: datetime) -> str:
    """Write an instant as the scope language does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _deposited(paper: Paper, held: Held) -> Deposited:
    return Deposited(
        document=held.document,
        title=paper.title,
        document_class=paper.document_class,
        origin=paper.origin,
        media_type=paper.media_type,
        size_bytes=held.size_bytes,
        sha256=held.sha256["full"],
        views=tuple(held.sha256),
    )
