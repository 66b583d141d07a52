"""Ohio's 88 counties, and the one spelling of a county's name that keys everything about it."""

from __future__ import annotations

import re

_NAMES = (
    "Adams", "Allen", "Ashland", "Ashtabula", "Athens", "Auglaize", "Belmont", "Brown", "Butler", "Carroll",
    "Champaign", "Clark", "Clermont", "Clinton", "Columbiana", "Coshocton", "Crawford", "Cuyahoga", "Darke",
    "Defiance", "Delaware", "Erie", "Fairfield", "Fayette", "Franklin", "Fulton", "Gallia", "Geauga", "Greene",
    "Guernsey", "Hamilton", "Hancock", "Hardin", "Harrison", "Henry", "Highland", "Hocking", "Holmes", "Huron",
    "Jackson", "Jefferson", "Knox", "Lake", "Lawrence", "Licking", "Logan", "Lorain", "Lucas", "Madison",
    "Mahoning", "Marion", "Medina", "Meigs", "Mercer", "Miami", "Monroe", "Montgomery", "Morgan", "Morrow",
    "Muskingum", "Noble", "Ottawa", "Paulding", "Perry", "Pickaway", "Pike", "Portage", "Preble", "Putnam",
    "Richland", "Ross", "Sandusky", "Scioto", "Seneca", "Shelby", "Stark", "Summit", "Trumbull", "Tuscarawas",
    "Union", "Van Wert", "Vinton", "Warren", "Washington", "Wayne", "Williams", "Wood", "Wyandot",
)  # fmt: skip

COUNTY_BY_FIPS = {39_001 + 2 * index: name.replace(" ", "") for index, name in enumerate(_NAMES)}
"""FIPS code -> key of the county (`Franklin`, `VanWert`): codes are the odd numbers in alphabetical order."""

_KEYS = {key.casefold(): key for key in COUNTY_BY_FIPS.values()}
_NO_LETTERS = re.compile(r"[\W\d_]+")


def county_key(name: str) -> str | None:
    """A county's key out of any spelling (`van_wert`, `Van Wert County`, `FRANKLIN`); None if there is no name.

    Ohio's counties are spelt as in `COUNTY_BY_FIPS`, others with a capital for each word.
    """
    words = [word for word in _NO_LETTERS.split(name) if word]
    if len(words) > 1 and words[-1].casefold() == "county":
        words.pop()
    joined = "".join(words)
    return _KEYS.get(joined.casefold(), "".join(word[0].upper() + word[1:] for word in words)) or None
