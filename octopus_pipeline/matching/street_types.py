"""Street types: USPS Publication 28, appendix C1, and what Ohio's auditors write instead.

Only types that stand for themselves are here. The other words of C1 (`RIDGE`, `PARK`, `SQUARE`, ...) end names as
often as they are types: owners in Hamilton County wrote a further type behind one of them (`CHESTNUT PARK LN`) in
1 of 7 mailing addresses, and left one out in none. They stay in the name: `street_words` has them.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
ALY ALLEY ALLEE ALLY AL
AVE AVENUE AV AVEN AVENU AVN AVNUE AVES AVENUES
BLVD BOULEVARD BOUL BOULV BV BVD BLV BL BLD BOULEVRD BLVRD
BYP BYPASS BYPA BYPAS BYPS
CIR CIRCLE CIRC CIRCL CRCL CRCLE CR CI CRL CIRCLES CIRS
CSWY CAUSEWAY CAUSWA
CT COURT CRT COURTS CTS
DR DRIVE DRIV DRVE DRV DRI DRIVES DRS
EXPY EXPRESSWAY EXPR EXPW
EXT EXTENSION EXTN EXTNSN EXTENSIONS EXTS
FWY FREEWAY FREEWY FRWAY FRWY
HWY HIGHWAY HIGHWY HIWAY HIWY HWAY HY HGWY
LN LANE LNE LAN LANES LA
LOOP LOOPS LP
PASS
PIKE PIKES PK PKE
PKWY PARKWAY PARKWY PKWAY PKY PW PWY PARKWAYS PKWYS PY
PL PLACE PLC
PLZ PLAZA PLZA PZ
RD ROAD ROADS RDS
ST STREET STRT STR STREETS STS SRT
TER TERRACE TERR TE TERRACES TRC
TPKE TURNPIKE TRNPK TURNPK TPK
TRCE TRACE TRACES
TRL TRAIL TRAILS TRLS TL
WAY WY WA WAYS
XING CROSSING CRSSNG XG XNG CRSG
"""
"""A line is a type: its postal abbreviation, then every other spelling, the full word first."""

_ROWS: Final = tuple(tuple(line.split()) for line in _TABLE.strip().splitlines())

STREET_TYPES: Final = {spelling: row[0] for row in _ROWS for spelling in row} | {"TR": ""}
"""Every spelling of a type -> its postal abbreviation. `TR` is a type of which nobody knows: trace, trail, terrace."""

TYPE_WORDS: Final = frozenset(row[min(1, len(row) - 1)] for row in _ROWS)
"""The types as full words, which may be names (`COURT ST`, `LANE AVE`)."""
