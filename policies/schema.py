"""The scope language is published as a JSON Schema made of the lists that the parser reads.

The parser is the authority: it also refuses what a schema cannot express (a clause or an origin of
a side the case does not have, an id used twice, an end before the beginning, a day that does not
exist). Nothing that the schema refuses is accepted by the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policies.terms import (
    CLAUSE_ID_PATTERN,
    LANGUAGE,
    LONGEST_TEXT,
    MOST_CLAUSES,
    TEXT_PATTERN,
    Effect,
    UploaderGrants,
)
from policies.vocabulary import (
    CLASSES,
    FEWEST_SIDES,
    JOINT,
    LABELS,
    MOST_FURTHER_CLASSES,
    MOST_ORGANISATIONS,
    MOST_SIDES,
    PHASES,
    PROVENANCES,
    PURPOSES,
    RESERVED,
    VOCABULARY,
    WORD_PATTERN,
    Role,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, object]

_INSTANT: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"


def schema(further: Sequence[str] = ()) -> Schema:
    """Return the JSON Schema of the scope language, closed vocabulary and descriptions included.

    Args:
        further: The classes that the institution adds to the vocabulary.

    Source: JSON Schema, draft 2020-12.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{LANGUAGE.replace('/', ':')}",
        "title": "Agreement on a disclosure scope",
        "description": "Who may see which documents, from whom, how fully, what for and when.",
        **_object(
            {
                "language": {"const": LANGUAGE, "description": "The language and its version."},
                "sides": {
                    "description": "The sides of the case, by id.",
                    **_list({"$ref": "#/$defs/side"}),
                    "minItems": FEWEST_SIDES,
                    "maxItems": MOST_SIDES,
                },
                "vocabulary": _vocabulary(further),
                "organisations": {
                    "description": "Ids of the organisations that clauses may speak to.",
                    "type": "array",
                    "maxItems": MOST_ORGANISATIONS,
                    "uniqueItems": True,
                    "items": _text(WORD_PATTERN),
                },
                "uploader_grants": {
                    "description": "Which documents their depositor may grant wider alone.",
                    "enum": [rule.value for rule in UploaderGrants],
                    "default": UploaderGrants.NEVER.value,
                },
                "clauses": {
                    "description": "In the order of the agreement; a deny beats every allow.",
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_CLAUSES,
                    "items": {"$ref": "#/$defs/clause"},
                },
            },
            optional=("vocabulary", "organisations", "uploader_grants"),
        ),
        "$defs": {
            "side": {
                "description": "The id of a side, such as `claimant`.",
                **_text(f"(?!(?:{'|'.join(sorted(RESERVED))})$){WORD_PATTERN}"),
            },
            "clause": _clause((*CLASSES, *further)),
        },
    }


def _vocabulary(further: Sequence[str]) -> Schema:
    named = {"type": "array", "maxItems": MOST_FURTHER_CLASSES, "uniqueItems": True}
    return {
        "description": "The words, and the classes beyond them that the institution has.",
        **_object(
            {
                "version": {"const": VOCABULARY},
                "classes": {
                    **named,
                    **({"items": {"enum": [*further]}} if further else {"maxItems": 0}),
                },
            },
            optional=("classes",),
        ),
    }


def _clause(classes: Sequence[str]) -> Schema:
    return {
        "description": "One sentence of the agreement.",
        **_object(
            {
                "id": {
                    "description": "Its number; unique. Ids of floors, OWN, grants are reserved.",
                    **_text(CLAUSE_ID_PATTERN),
                },
                "to": {
                    "description": "The group of seats it speaks of; its side must be one of the "
                    "case, its organisation one that the agreement names. `side:x` is the "
                    "parties and the counsel of x.",
                    **_text(
                        f"(?:{'|'.join(Role)}"
                        f"|(?:side|party|counsel|insurer|organisation):{WORD_PATTERN})"
                    ),
                },
                "effect": {
                    "description": "What it does.",
                    "enum": [effect.value for effect in Effect],
                    "default": Effect.ALLOW.value,
                },
                "classes": _choice("Kinds of record.", classes),
                "origins": _origins(),
                "provenances": _choice(
                    "Whether the records existed before; every one when left out.", PROVENANCES
                ),
                "labels": {
                    "description": "Named exceptions; `-` is none. When left out: only `-` if "
                    "the clause allows, every label if it denies.",
                    "anyOf": [{"const": "*"}, _words(LABELS)],
                },
                "view": {
                    "description": "The highest view it allows, or the lowest it denies.",
                    "enum": [str(view) for view in View],
                },
                "purposes": _choice("What the documents are looked at for.", PURPOSES),
                "phases": _choice("The phases of the case in which it holds.", PHASES),
                "from": {"description": "It holds from this instant on.", **_text(_INSTANT)},
                "until": {"description": "It ends at this very instant.", **_text(_INSTANT)},
                "text": {
                    "description": "The parties' own words; they decide nothing.",
                    "maxLength": LONGEST_TEXT,
                    **_text(TEXT_PATTERN),
                },
            },
            optional=("effect", "provenances", "labels", "from", "until", "text"),
        ),
    }


def _origins() -> Schema:
    others = [JOINT, Role.MEDIATOR.value, Role.EXPERT.value]
    named = _list({"anyOf": [{"enum": others}, {"$ref": "#/$defs/side"}]})
    return {
        "description": "Whose documents: a side's, joint ones, the mediator's or the expert's.",
        "anyOf": [{"const": "*"}, named, _object({"not": named}, optional=())],
    }


def _choice(description: str, words: Sequence[str]) -> Schema:
    exception = {**_words(words), "maxItems": len(words) - 1}
    return {
        "description": f"{description} Every one, those listed, or all but those listed.",
        "anyOf": [{"const": "*"}, _words(words), _object({"not": exception}, optional=())],
    }


def _words(words: Sequence[str]) -> Schema:
    return _list({"enum": list(words)})


def _list(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": items}


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _object(properties: Schema, optional: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }
