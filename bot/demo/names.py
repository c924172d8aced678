"""Invented names and jobs for the demo's company; any likeness to a living person is chance."""

from __future__ import annotations

import unicodedata

COMPANY = "Northgate Kitchens"
MAIL_DOMAIN = "northgate.example"

# (region, its sites); a site is (name, code)
REGIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("North region", (("Store 12 Harbour Street", "S12"), ("Store 14 Mill Lane", "S14"))),
    ("South region", (("Store 21 Station Square", "S21"),)),
)

# Head office: first name, last name, job, iSpring role.
HEAD_OFFICE: tuple[tuple[str, str, str, str], ...] = (
    ("Margit", "Lindqvist", "Head of Operations", "administrator"),
    ("Dana", "Okonjo", "Learning and Development Manager", "administrator"),
)

# One area manager for each region.
AREA_MANAGERS: tuple[tuple[str, str], ...] = (("Callum", "Breckenridge"), ("Inès", "Vauclair"))

# Each site: manager, kitchen lead, front lead, trainer, then the team.
SITE_PEOPLE: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("Ana", "Ferreira-Quill"),
        ("Tomasz", "Zawiślak"),
        ("Priya", "Venkataram"),
        ("Oskar", "Halvorsrud"),
        ("Jamie", "Doherne"),
        ("Leïla", "Benchikh"),
        ("Kwabena", "Asantewood"),
        ("Sofia", "Marchetelli"),
        ("Hyun-woo", "Baekson"),
        ("Freya", "Tunnicliffe"),
        ("Mateo", "Arrizaga"),
        ("Noor", "Haddadin"),
    ),
    (
        ("Gareth", "Pennarth"),
        ("Yuki", "Tanabara"),
        ("Chidinma", "Ezeoke"),
        ("Łukasz", "Brzozek"),
        ("Emilia", "Rautavuori"),
        ("Samir", "Qureshan"),
        ("Beatriz", "Candelaro"),
        ("Declan", "O'Hanrahan"),
        ("Mei-Lin", "Zhuo"),
        ("Viktor", "Stoyanchev"),
        ("Amara", "Diabaté-Roux"),
        ("Jonas", "Kleinfelder"),
    ),
    (
        ("Helena", "Vondráčka"),
        ("Rafael", "Montesdeoca"),
        ("Ingrid", "Sørbakken"),
        ("Tariq", "Al-Mansuri"),
        ("Poppy", "Wetherstone"),
        ("Nikolai", "Dragunescu"),
        ("Zanele", "Mthwane"),
        ("Arjun", "Pillaikar"),
        ("Clémence", "Aubertin"),
        ("Kofi", "Boatenghene"),
        ("Marisol", "Echegoyen"),
        ("Ewan", "Strathcarron"),
    ),
)

KITCHEN_JOBS = ("Line Cook", "Prep Cook", "Kitchen Porter", "Pastry Cook")
FRONT_JOBS = ("Host", "Server", "Barista", "Cashier")

# Letters that Unicode does not take apart into a plain letter and an accent.
PLAIN_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "'": None, " ": None})


def plain(name: str) -> str:
    """A name as it stands in an e-mail address."""
    decomposed = unicodedata.normalize("NFKD", name.translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()
