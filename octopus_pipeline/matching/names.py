"""Names of customers and owners in one normal form: the last name, and the given names of everyone it lists.

A name is written in several shapes, and only some say which word is the last name: `SAMPLE, JOHN D` and
`SAMPLE JOHN & JANE` do; of `JORDAN TAYLOR` both words may be it, and both are kept as candidates, the likelier first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from octopus_pipeline.matching.ascii_text import folded, text_column
from octopus_pipeline.matching.nicknames import FORMAL_NAMES, GIVEN_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable


def _column(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"description": description})


NAME_SCHEMA: Final = pa.schema(
    [
        _column(
            "last",
            pa.list_(pa.string()),
            "Candidates of the last name, likeliest first; of organisations none.",
        ),
        _column(
            "first",
            pa.list_(pa.string()),
            "Given names in order, nicknames resolved (`BOB` is `ROBERT`), initials too.",
        ),
        _column(
            "organization", pa.string(), "Name of a company, church or authority as one word; '' for people."
        ),
    ]
)
"""One row a name. Words are upper-case ASCII letters and digits, without accents, hyphens and blanks.

A candidate of the last name that may also be a given name is in both lists. A missing name has empty columns.
"""

_LEGAL_FORMS: Final = "LLC LLLP LLP LTD INC INCORPORATED CORP CORPORATION"
_FINAL_LEGAL_FORMS: Final = "CO COMPANY LC LP NA PA PC PLC"
_ORGANIZATIONS: Final = """
ACADEMY AGENCY APARTMENTS APTS ASSN ASSOC ASSOCIATES ASSOCIATION AUTHORITY BAPTIST BUILDERS CATHOLIC COLLEGE COMMISSION
COMMISSIONERS COMMUNITIES COMMUNITY CONDO CONDOMINIUM CONDOMINIUMS CONSTRUCTION COUNTY DEPARTMENT DEPT DEVELOPMENT
DIOCESE DISTRICT ENTERPRISE ENTERPRISES EQUITIES FEDERAL FELLOWSHIP FINANCIAL FOUNDATION FUND FUNDING GROUP HABITAT
HOLDING HOLDINGS HOMEOWNERS HOSPITAL HOUSING HUD INDUSTRIES INVESTMENT INVESTMENTS INVESTORS LENDING LIBRARY LUTHERAN
MANAGEMENT METHODIST METROPOLITAN MGMT MINISTRIES MINISTRY MISSIONARY MORTGAGE MUTUAL NATIONAL PARTNERS PARTNERSHIP
PROPERTIES PROPERTY RAILROAD REALTY RENTAL RENTALS RESIDENTIAL SCHOOL SCHOOLS SECRETARY SERVICES SOCIETY SOLUTIONS
TABERNACLE TOWNSHIP TWP UNIVERSITY VENTURES
"""
_AMBIGUOUS_ORGANIZATIONS: Final = (
    "BANK CAPITAL CENTER CHURCH CITY CLUB FARMS HOMES PARK POST STATE TEMPLE UNION VILLAGE"
)
_ROLES: Final = """
TR TRS TRUST TRUSTEE TRUSTEES TTEE COTR COTRS SUCCESSOR SUCC REVOCABLE REV IRREVOCABLE IRREV LIVING LIV FAMILY
INTER VIVOS SONS DATED DTD UTD UA UDT AGREEMENT AGMT EST ESTATE DECEASED DECD EXEC EXECUTOR EXECUTRIX EXTR
ADMINISTRATOR ADMIN ADMR GUARDIAN GDN CUSTODIAN CUST POA LIFE TOD SURV SURVIVORSHIP JTWROS WROS ETAL ETUX ETVIR
HEIRS AKA FKA NKA MR MRS MS MISS DR MD DDS DVM PHD ESQ JR SR II III IV
"""
_PARTICLE_WORDS: Final = "VAN VON DER DEN DE DEL DELA LA LE DI DA DU ST MC MAC"
_MISSING_NAMES: Final = """
NA NAN NULL NONE UNKNOWN UNKNOWNOWNER OWNER OCCUPANT RESIDENT CURRENTOWNER CURRENTOCCUPANT CURRENTRESIDENT CUSTOMER TEST
"""

_LEGAL_WORDS: Final = frozenset(_LEGAL_FORMS.split())
_FINAL_LEGAL_WORDS: Final = frozenset(_FINAL_LEGAL_FORMS.split())
_ORGANIZATION_WORDS: Final = frozenset(_ORGANIZATIONS.split())
_AMBIGUOUS_WORDS: Final = frozenset(_AMBIGUOUS_ORGANIZATIONS.split())
"""Last names, too: they make an organisation only where no word is a given name (`JANE CHURCH`)."""
_NO_NAME_WORDS: Final = frozenset(_ROLES.split())
"""What stands beside a name and is none: roles, titles, kinds of trusts."""
_PARTICLES: Final = frozenset(_PARTICLE_WORDS.split())
"""Words that belong to the one behind them: `VAN DYKE`, `ST CLAIR`."""
_MISSING: Final = frozenset(_MISSING_NAMES.split())

_ASIDE = re.compile(
    r"\([^)]*\)?|\"[^\"]*\"|\b(?:C ?/ ?O|D ?/ ?B ?/ ?A|DBA)\b.*|\b(?:ET AL|ET UX|ET VIR|CO[ -]TRS?|U ?/ ?A)\b"
)
_BEFORE = re.compile(r"^(?:THE )?(?:ESTATE|HEIRS|TRUST) OF (?:THE )?")
_SPACED_LLC = re.compile(r"\bL[. ]+L[. ]+C\b")
_PLAIN = re.compile(r"[A-Z ,&]*").fullmatch
_TELLING: Final = frozenset(
    {"C", "O", "CO", "D", "B", "A", "DBA", "ET", "U", "UA", "L", "ESTATE", "HEIRS", "TRUST"}
)
"""Words without which a plain name has nothing in it that is to be left out."""
_AND = re.compile(r" ?[&+;/] ?| (?:AND|OR) ")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9-]+")


class PersonName(NamedTuple):
    """A name's parts, in the order and meaning of the name columns."""

    last: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    organization: str = ""


NO_NAME: Final = PersonName()


def normalize_names(names: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Names of people or organisations in their normal form: `NAME_SCHEMA`, one row an input row, in order.

    Takes every shape: `JANE SAMPLE`, `JOHN Q SAMPLE`, `SAMPLE, JOHN D`, `SAMPLE JOHN & JANE`, `SAMPLE JOHN D TR`,
    `ESTATE OF JANE SAMPLE`, `SAMPLE HOMES LLC`. No text raises; each distinct one is read once.
    """
    return _table(text_column(names))


def normalize_first_last(first: pa.Array | pa.ChunkedArray, last: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The same for names whose given and last name stand in columns of their own."""
    columns = [
        _per_distinct(text_column(last), _read_last),
        _per_distinct(text_column(first), _read_given),
        pa.repeat("", len(first)),
    ]
    return pa.table(columns, schema=NAME_SCHEMA)


def read_name(text: str) -> PersonName:
    """One name as its parts; of no name at all, `NO_NAME`. Any text is read, none raises."""
    text = folded(text)
    words = text.replace(",", " ").replace("&", " ").split()
    if not _PLAIN(text) or not _TELLING.isdisjoint(words):
        text = _SPACED_LLC.sub("LLC", text)
        text = _BEFORE.sub("", _ASIDE.sub(" ", text).replace("'", "").replace(".", " ").strip(" ,"))
        words = _NOT_ALNUM.sub(" ", text).split()
    if "".join(words) in _MISSING or not any(word.isalpha() for word in words):
        return NO_NAME
    if _is_organization(words, listed="," in text):
        name = "".join(word for word in words if word not in _LEGAL_WORDS and word != "THE")
        return PersonName(organization=name)
    people = [person for person in map(_person, _AND.split(text)) if person.words or person.last]
    return _household(people)


class _Person(NamedTuple):
    last: tuple[str, ...]
    words: list[str]
    """The given names where the last name is known, else every word."""


def _read_last(text: str) -> tuple[str, ...]:
    return _last_names(*(word for word in _words(folded(text).replace("'", "")) if word not in _MISSING))


def _read_given(text: str) -> tuple[str, ...]:
    return _given([word for word in _words(folded(text).replace("'", "")) if word not in _MISSING])


def _is_organization(words: list[str], *, listed: bool) -> bool:
    """Whether the words name a company or an authority; `listed` says that a comma set a last name apart."""
    if words[-1] in _FINAL_LEGAL_WORDS and len(words) > 1 and not listed:
        return True
    if any(word in _LEGAL_WORDS or word in _ORGANIZATION_WORDS for word in words):
        return True
    ambiguous = not listed and len(words) > 1 and any(word in _AMBIGUOUS_WORDS for word in words)
    return ambiguous and not any(word in GIVEN_NAMES for word in words)


def _words(text: str) -> list[str]:
    """The words of names, hyphens kept: no roles, numbers or dates."""
    words = text.split()
    if text.isascii() and all(map(str.isalpha, words)):
        return [word for word in words if word not in _NO_NAME_WORDS]
    words = [word.strip("-") for word in _NOT_IN_NAMES.sub(" ", text).split()]
    return [word for word in words if word.replace("-", "").isalpha() and word not in _NO_NAME_WORDS]


def _person(text: str) -> _Person:
    before, comma, after = text.partition(",")
    given = _words(after)
    if comma and given:
        return _Person(_last_names(*_words(before)), given)
    return _Person((), _words(before))


def _household(people: list[_Person]) -> PersonName:
    """Everyone's names as one: who is listed without a last name has the one of the first, or of the last."""
    last: list[str] = []
    first: list[str] = []
    several = len(people) > 1
    for place, person in enumerate(people):
        if person.last:
            names, given = person.last, person.words
        elif several and _only_given(person.words) and (last or place + 1 < len(people)):
            names, given = (), person.words
        else:
            shared = several and not last and all(_only_given(other.words) for other in people[place + 1 :])
            names, given = _split(person.words, last_first=shared and place == 0)
        last += names
        first += given
    return PersonName(tuple(dict.fromkeys(last)), _given(first))


def _only_given(words: list[str]) -> bool:
    """Whether no word is a last name: `JANE`, `JANE E`, `JANE MARIE`."""
    more_given = all(len(word) == 1 or word in GIVEN_NAMES for word in words[1:])
    return more_given and (words[0] in GIVEN_NAMES or len(words) == 1)


def _split(words: list[str], *, last_first: bool) -> tuple[tuple[str, ...], list[str]]:
    """Candidates of the last name and the given names of one person whose words no comma parts."""
    words = _joined(words)
    if len(words) < 2:
        return _last_names(*words), [word for word in words if word in GIVEN_NAMES]
    front, back = words[0], words[-1]
    known_front, known_back = front in GIVEN_NAMES, back in GIVEN_NAMES
    if len(back) == 1 or last_first or (not known_front and len(front) > 1 and words[1] in GIVEN_NAMES):
        return _last_names(front), words[1:]
    if len(front) == 1 or (len(words) > 2 and len(words[1]) == 1) or (known_front and not known_back):
        return _last_names(back), words[:-1]
    return (*_last_names(back), *_last_names(front)), words


def _joined(words: list[str]) -> list[str]:
    """The words with particles joined to what follows: `JAN VAN DYKE` -> `JAN`, `VANDYKE`."""
    joined: list[str] = []
    particles = ""
    for place, word in enumerate(words):
        if word in _PARTICLES and place + 1 < len(words) and len(words[place + 1]) > 1:
            particles += word
        else:
            joined.append(particles + word)
            particles = ""
    return joined


def _last_names(*words: str) -> tuple[str, ...]:
    """A last name as one word, and of a double one its parts: `SMITH-JONES` is `SMITHJONES`, `SMITH`, `JONES`."""
    parts = [part for word in _joined(list(words)) for part in word.split("-")]
    return tuple(dict.fromkeys(("".join(parts), *parts))) if parts else ()


def _given(words: list[str]) -> tuple[str, ...]:
    parts = [part for word in words for part in word.split("-")]
    return tuple(dict.fromkeys(FORMAL_NAMES.get(part, part) for part in parts))


def _per_distinct(texts: pa.Array, read: Callable[[str], tuple[str, ...]]) -> pa.Array:
    distinct = texts.dictionary_encode()
    return pa.array(map(read, distinct.dictionary.to_pylist()), pa.list_(pa.string())).take(distinct.indices)


def _table(names: pa.Array) -> pa.Table:
    distinct = names.dictionary_encode()
    parts = [read_name(name) for name in distinct.dictionary.to_pylist()]
    return pa.table(
        [
            pa.array((part[place] for part in parts), field.type).take(distinct.indices)
            for place, field in enumerate(NAME_SCHEMA)
        ],
        schema=NAME_SCHEMA,
    )
