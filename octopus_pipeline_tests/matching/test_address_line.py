"""What people and auditors write, and what it is read as: number|fraction|direction|street|type|unit|city|zip."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from octopus_pipeline.matching.address_line import NO_ADDRESS, address_line, read_address
from octopus_pipeline_tests.matching.addresses import any_text, brief


@pytest.mark.parametrize(
    ("participant", "county"),
    [
        ("5419 Martel Rd", "5419 MARTEL RD"),
        ("1592 Hillcrest Ave", "1592 HILLCREST AV"),
        ("1010 OH-314", "1010 SR 314"),
        ("1010 State Route 314", "1010 ST RT 314"),
        ("1010 State Route 314", "1010 STATE ROUTE 314"),
        ("12 US-40", "12 US 40"),
        ("12 US Hwy 40", "12 U S 40"),
        ("12 US Hwy 40", "12 US RT 40"),
        ("360 Cadiz-New Athens Rd", "360 CADIZ NEW ATHENS RD"),
        ("3684 4th Ave", "3684 FOURTH AV"),
        ("123 Main St Apt 4", "123 MAIN ST UNIT 4"),
        ("123 Main St #4", "123 MAIN ST UNIT 4"),
        ("4140 31st Ave", "4140 thirty-first av"),
        ("1174 8 Mile Rd", "1174 eight mile rd"),
        ("9 Kenwood Blvd.", "9 KENWOOD BV"),
        ("9 Columbia Parkway", "9 COLUMBIA PW"),
        ("9 Chalet Circle", "9 CHALET CR"),
        ("601 High St N", "601 N HIGH ST"),
        ("3778 O Leary Ave", "3778 O'LEARY AV"),
        ("12 Mt. Vernon Ave", "12 MOUNT VERNON AV"),
        ("12 Saint Clair Avenue", "12 ST CLAIR AV"),
        ("1087 W. North Bend Rd", "1087 W NORTHBEND RD"),
        ("1 Dr Martin Luther King Jr Dr", "1 ML KING DR"),
    ],
)
def test_two_spellings_of_a_place_are_one_address(participant: str, county: str) -> None:
    assert read_address(participant) == read_address(county) != NO_ADDRESS


def test_some_differences_are_the_matchers_to_judge() -> None:
    directed, plain = read_address("601 N Main St"), read_address("601 MAIN ST")
    assert directed == plain._replace(direction="N")
    unit, parcel = read_address("123 Main St Apt 4"), read_address("123 MAIN ST")
    assert unit == parcel._replace(unit="4")
    assert read_address("360 NEW ATHENS RD").street == "NEWATHENS"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        # House numbers.
        ("30 32 TERRY ST", "30-32|||TERRY|ST"),
        ("30-32 TERRY ST", "30-32|||TERRY|ST"),
        ("34 32 MARIE AVE", "32-34|||MARIE|AVE"),
        ("938 40 E PEARL ST", "938-940||E|PEARL|ST"),
        ("504 8 S GARLAND AVE", "504-508||S|GARLAND|AVE"),
        ("913 9131/2 LINDEN AVE", "913-913|||LINDEN|AVE"),
        ("90 1/2 FLINTSTONE DR", "90|1/2||FLINTSTONE|DR"),
        ("90½ FLINTSTONE DR", "90|1/2||FLINTSTONE|DR"),
        ("12A MAIN ST", "12|A||MAIN|ST"),
        ("12-A MAIN ST", "12|A||MAIN|ST"),
        ("100W MAIN ST", "100||W|MAIN|ST"),
        ("622 626W SHERRY DR", "622-626||W|SHERRY|DR"),
        ("11120SYCAMORE GROVE LN", "11120|||SYCAMOREGROVE|LN"),
        ("2680-2 LAFEUILLE AV", "2680|||LAFEUILLE|AVE"),
        ("00123.0 MAIN ST", "123|||MAIN|ST"),
        ("0 MAIN ST", "|||MAIN|ST"),
        ("123456789012 MAIN ST", "|||MAIN|ST"),
        # Units right behind the number, as Hamilton County writes condominiums.
        ("10667 10 MONTGOMERY RD", "10667|||MONTGOMERY|RD|10"),
        ("15 402 W FOURTH STREET", "15||W|4TH|ST|402"),
        ("13 #A1 W FIFTEENTH STREET", "13||W|15TH|ST|A1"),
        ("5757 1A CHEVIOT RD", "5757|||CHEVIOT|RD|1A"),
        ("3440 B BROTHERTON RD", "3440|||BROTHERTON|RD|B"),
        # Streets that are numbers, letters, directions, types.
        ("123 45 ST", "123|||45TH|ST"),
        ("123 E 45 ST", "123||E|45TH|ST"),
        ("123 4 TH AVE", "123|||4TH|AVE"),
        ("4310 TWENTY EIGHT ST", "4310|||28TH|ST"),
        ("12 J ST", "12|||J|ST"),
        ("12 AVENUE B", "12|||AVENUEB"),
        ("12 NORTH ST", "12|||NORTH|ST"),
        ("12 N ST", "12|||NORTH|ST"),
        ("12 N WEST ST", "12||N|WEST|ST"),
        ("12 WEST BURY RD S", "12||S|WESTBURY|RD"),
        ("12 S WEST BURY RD", "12||S|WESTBURY|RD"),
        ("12 NORTH MAIN ST N", "12||N|MAIN|ST"),
        ("12 N W 3RD ST", "12||NW|3RD|ST"),
        ("12 E NORTH BROADWAY", "12||E|NORTHBROADWAY"),
        ("12 COURT ST", "12|||COURT|ST"),
        ("12 LANE AVE", "12|||LANE|AVE"),
        ("12 PARK PLACE", "12|||PARK|PL"),
        ("12 CHESTNUT PARK LN", "12|||CHESTNUTPARK|LN"),
        ("12 CHESTNUT PARK", "12|||CHESTNUTPARK"),
        ("12 STATE ST", "12|||STATE|ST"),
        ("12 STATE RD", "12|||STATE|RD"),
        ("12 KEY WEST DR", "12|||KEYWEST|DR"),
        ("12 FRONT ST", "12|||FRONT|ST"),
        ("12 UPPER VALLEY PIKE", "12|||UPPERVALLEY|PIKE"),
        ("12 E ST JOSEPH ST", "12||E|SAINTJOSEPH|ST"),
        ("550 S SOUTH STATE ST", "550||S|STATE|ST"),
        ("12 CLEVELAND AVE NW", "12||NW|CLEVELAND|AVE"),
        ("3804 ST", "3804||||ST"),
        ("315 BROADWAY & SUNRISE", "315|||BROADWAY"),
        # Types glued to the name, where no word ends so.
        ("345 MAPLELN", "345|||MAPLE|LN"),
        ("345 DIEHLRD UNIT 47", "345|||DIEHL|RD|47"),
        ("345 HARCOURT", "345|||HARCOURT"),
        ("345 OAKFOREST", "345|||OAKFOREST"),
        # Numbered roads.
        ("1010 N ST RT 314", "1010||N|SR314"),
        ("1010 S.R. 314 S", "1010||S|SR314"),
        ("1010 SR314 LOT 12", "1010|||SR314||12"),
        ("1010 RT 314", "1010|||SR314"),
        ("1010 STATE ROUTE 35", "1010|||US35"),
        ("1010 HIGHWAY 40", "1010|||US40"),
        ("1010 OLD STATE RT 56", "1010|||OLDSR56"),
        ("12 CO RD 12", "12|||CR12"),
        ("12 COUNTY ROAD 12", "12|||CR12"),
        ("12 C R 12", "12|||CR12"),
        ("12 CO RD 12-5", "12|||CR12X5"),
        ("12 N COUNTY RD 25A", "12||N|CR25A"),
        ("12 COUNTY LINE RD", "12|||COUNTYLINE|RD"),
        ("12 TWP RD 7", "12|||TR7"),
        ("12 TOWNSHIP HIGHWAY 7", "12|||TR7"),
        ("12 T-7", "12|||TR7"),
        ("12 ROAD 138", "12|||RD138"),
        ("RR 2 BOX 114", "|||RR2||114"),
        # Units.
        ("12 MAIN ST APT # 04", "12|||MAIN|ST|4"),
        ("12 MAIN ST APT6", "12|||MAIN|ST|6"),
        ("12 MAIN ST UNIT 4-B", "12|||MAIN|ST|4B"),
        ("12 MAIN ST 4 B", "12|||MAIN|ST|4B"),
        ("784 N 16TH LN U-14", "784||N|16TH|LN|14"),
        ("12 SR 554 U-K", "12|||SR554||K"),
        ("12 MAIN ST W #604", "12||W|MAIN|ST|604"),
        ("12 MAIN ST FL 2", "12|||MAIN|ST|2"),
        ("12 MAIN ST 2ND FLOOR", "12|||MAIN|ST|2"),
        ("12 MAIN ST FL 2 APT 4", "12|||MAIN|ST|4"),
        ("12 MAIN ST UPPER", "12|||MAIN|ST|UPPR"),
        ("12 MAIN ST, REAR", "12|||MAIN|ST|REAR"),
        ("12 REAR MAIN ST", "12|||MAIN|ST|REAR"),
        ("E LINDEN (REAR) AVE", "||E|LINDEN|AVE|REAR"),
        ("APT 4, 12 MAIN ST", "12|||MAIN|ST|4"),
        ("353 W 4TH UNIT 306", "353||W|4TH||306"),
        # What else is typed into the cell.
        ("12 Main St, Mansfield, OH 44906-1234", "12|||MAIN|ST||MANSFIELD|44906"),
        ("12 Main St Mansfield OH 44906", "12|||MAIN|ST||MANSFIELD|44906"),
        ("12 Main St Apt 4 Mt. Vernon Ohio", "12|||MAIN|ST|4|MOUNTVERNON"),
        ("12 N High Columbus OH 43215", "12||N|HIGH|||COLUMBUS|43215"),
        # Places that no list has: misspelt, perhaps.
        ("12 Main Lane Apt 1C Leesland Ohio 45140", "12|||MAIN|LN|1C|LEESLAND|45140"),
        ("12 Main Av West Reynoldsview Ohio 45036", "12||W|MAIN|AVE||REYNOLDSVIEW|45036"),
        ("12 Main St 69 Leesland OH 43082", "12|||MAIN|ST|69|LEESLAND|43082"),
        ("12 Main St. Leesland OH", "12|||MAIN|ST||LEESLAND"),
        ("12 Main St W OH 43215", "12||W|MAIN|ST|||43215"),
        ("12 Main St, Leesland, OH 13015", "12|||MAIN|ST||LEESLAND|13015"),
        ("12 Main St Mansfield", "12|||MAIN|ST||MANSFIELD"),
        ("12 MAIN AVE45243", "12|||MAIN|AVE|||45243"),
        ("12 MAIN CT 43215.0", "12|||MAIN|CT|||43215"),
        ("12 MAIN ST STE 43215", "12|||MAIN|ST|43215"),
        ("12 MAIN ST TAMPA FL 33602", "12|||MAIN|ST||TAMPA|33602"),
        ("C/O JANE SAMPLE 12 MAIN ST", "12|||MAIN|ST"),
        # Post-office boxes.
        ("PO BOX 12", "||||||||PO BOX"),
        ("P.O. Box 54404", "||||||||PO BOX"),
        ("P O B 12", "||||||||PO BOX"),
        ("Post Office Box 12-B, Mansfield, OH 44901", "||||||MANSFIELD|44901|PO BOX"),
        ("12 MAIN ST PO BOX 4", "12|||MAIN|ST"),
        # Other alphabets and signs.
        ("12 Peña St 😀", "12|||PENA|ST"),
        ("\u200f12 MAIN\u00a0ST", "12|||MAIN|ST"),
        ("12 ΟΔΟΣ", ""),
        # A number or a unit alone is no address.
        ("123", ""),
        ("# 4", ""),
        ("43215", "|||||||43215"),
    ],
)
def test_an_address_is_read_as(text: str, read: str) -> None:
    assert brief(read_address(text)) == read


@pytest.mark.parametrize(
    "text", ["", " ", "n/a", "NA", "-1", "-1.0", "same", "Same as above", "NULL", "none", ".", "0", "()"]
)
def test_junk_is_no_address(text: str) -> None:
    assert read_address(text) == NO_ADDRESS


@given(any_text)
@settings(max_examples=500)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    parts = read_address(text)
    again = read_address(address_line(parts))
    assert again._replace(city=parts.city, zip=parts.zip) == parts


@given(any_text)
@settings(max_examples=500)
def test_parts_keep_their_form(text: str) -> None:
    parts = read_address(text)
    for word in (parts.direction, parts.street, parts.street_type, parts.unit, parts.city):
        assert word == "" or (word.isascii() and word.isalnum() and word == word.upper())
    assert parts.number is None or 0 < parts.number < 1_000_000
    assert parts.number_to is None or (parts.number is not None and parts.number <= parts.number_to)
    assert not parts.po_box or not (parts.number or parts.street or parts.unit)


@pytest.mark.parametrize(
    "sign",
    ["A", " ", "1", "1 ", ",", "# ", "-", "(", "é", "\ufdfa", "N ", "1/2 ", "ST ", "A, ", "'; DROP TABLE "],
)
def test_a_megabyte_is_read_in_no_time(sign: str) -> None:
    started = time.process_time()
    read_address(sign * (1_000_000 // len(sign)))
    assert time.process_time() - started < 0.5
