"""A policy holds only rows that the model reads as they are meant, or it does not exist."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from sys import intern
from typing import Final, NamedTuple, Self

from policies.decoding import as_list, as_object, as_text
from policies.instants import are_ends
from policies.terms import Effect
from policies.vocabulary import (
    CLASSES,
    LABELS,
    PHASES,
    PROVENANCES,
    PURPOSES,
    TermsRefused,
    View,
    check_classes,
    check_sides,
    groups_of,
    origins_of,
)

MODEL_TEXT: Final = resources.files("policies").joinpath("model.conf").read_text("utf-8")
MODEL_SHA256: Final = sha256(MODEL_TEXT.encode()).hexdigest()

# Neither can hold a comma or a line break: the text adapters of Casbin have no quoting, and a
# policy exported for a replay must not shift its columns there.
_CASE = re.compile("[A-Za-z0-9-]{1,64}")
_CLAUSE = re.compile("[A-Za-z0-9.-]{1,32}")


class PolicyRefused(ValueError):
    """Rows, or a stored policy, are not what the compiler makes. Trying again does not help."""


class Row(NamedTuple):
    """One policy row: the columns of `p` in model.conf, in order.

    Attributes:
        sub: The group of seats it speaks of.
        cls: Classes, as `*`, `a|b` or `!a|b`; likewise origin, prov, label, purpose and phase.
        view: `1` metadata, `2` redacted, `3` full: allowed up to it, or denied from it on.
        nbf: It holds in `[nbf, exp)`.
        eft: `allow` or `deny`. Casbin ignores a row of any other effect.
        clause: The clause or floor this row is.
    """

    sub: str
    case: str
    cls: str
    origin: str
    prov: str
    label: str
    view: str
    purpose: str
    phase: str
    nbf: str
    exp: str
    eft: str
    clause: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The compiled rows of one case at one scope version.

    Every row is checked on construction: a misspelt effect or a group that nobody holds would
    leave a deny row without effect and say nothing, and one short row would fail every decision.

    Attributes:
        organisations: Those that rows may speak to.
        classes: Classes beyond those of the vocabulary.
        sha256: Hex digest over the canonical JSON of all of these and the model's text.

    Raises:
        PolicyRefused: There are no rows, or one of them is malformed.
        TermsRefused: The sides cannot be the sides of a case.
    """

    case: str
    sides: tuple[str, ...]
    rows: tuple[Row, ...]
    organisations: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        check_sides(self.sides)
        classes = frozenset((*CLASSES, *check_classes(self.classes)))
        if not self.rows:
            raise PolicyRefused("A policy without rows is none.")
        if not _CASE.fullmatch(self.case):
            raise PolicyRefused("This cannot be the id of a case.")
        groups = groups_of(self.sides, self.organisations)
        origins = frozenset(origins_of(self.sides))
        if not all(self._is_sound(row, groups, classes, origins) for row in self.rows):
            raise PolicyRefused("A row of this policy is malformed.")
        digest = sha256(canonical({**self._content(), "model": MODEL_TEXT})).hexdigest()
        object.__setattr__(self, "sha256", digest)

    def to_json(self) -> dict[str, object]:
        """Return the policy as a JSON value, with the model that reads its rows.

        What is stored can thus be read in years by any Casbin, whatever this program has become.
        """
        return {**self._content(), "model": MODEL_TEXT, "sha256": self.sha256}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read a policy back, row by row, and check that it is the one that was written.

        Raises:
            PolicyRefused: A member or row is malformed, or the digest is another: the rows, or
                the model they were compiled for, have changed since.
        """
        try:
            members = as_object(
                value,
                "",
                {"case", "sides", "organisations", "classes", "rows", "model", "sha256"},
            )
            policy = cls(
                as_text(members["case"], ""),
                _texts(members["sides"]),
                tuple(_row(row) for row in as_list(members["rows"], "")),
                _texts(members["organisations"]),
                _texts(members["classes"]),
            )
        except TermsRefused as error:
            raise PolicyRefused("This is not a stored policy.") from error
        if (members["sha256"], members["model"]) != (policy.sha256, MODEL_TEXT):
            raise PolicyRefused("The policy is not the one that was stored.")
        return policy

    def _content(self) -> dict[str, object]:
        return {
            "case": self.case,
            "sides": list(self.sides),
            "organisations": list(self.organisations),
            "classes": list(self.classes),
            "rows": [[*row] for row in self.rows],
        }

    def _is_sound(
        self,
        row: Row,
        groups: frozenset[str],
        classes: frozenset[str],
        origins: frozenset[str],
    ) -> bool:
        return (
            row.case == self.case
            and row.sub in groups
            and _is_pattern(row.cls, classes)
            and _is_pattern(row.origin, origins)
            and _is_pattern(row.prov, _PROVENANCES)
            and _is_pattern(row.label, _LABELS)
            and row.view in _VIEWS
            and _is_pattern(row.purpose, _PURPOSES)
            and _is_pattern(row.phase, _PHASES)
            and are_ends(row.nbf, row.exp)
            and row.nbf < row.exp
            and row.eft in _EFFECTS
            and _CLAUSE.fullmatch(row.clause) is not None
        )


_PROVENANCES, _LABELS = frozenset(PROVENANCES), frozenset(LABELS)
_PURPOSES, _PHASES = frozenset(PURPOSES), frozenset(PHASES)
_VIEWS = frozenset(str(view.value) for view in View)
_EFFECTS = frozenset(effect.value for effect in Effect)


def canonical(value: object) -> bytes:
    """Write a JSON value of texts, integers, lists and objects in its one canonical form.

    Source: RFC 8785, for objects whose member names are ASCII.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _is_pattern(pattern: str, words: frozenset[str]) -> bool:
    return pattern == "*" or words.issuperset(pattern.removeprefix("!").split("|"))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(as_text(item, "") for item in as_list(value, ""))


def _row(value: object) -> Row:
    # Thousands of scopes are kept, and their rows say the same few words.
    columns = [intern(as_text(column, "")) for column in as_list(value, "")]
    if len(columns) != len(Row._fields):
        raise PolicyRefused("A row of this policy is malformed.")
    return Row(*columns)
