"""Which departments are sites, and which are the parts of one: "Kitchen" of "Store 12". Pure.

iSpring knows departments only, each below another. The parts of sites have the same names everywhere, and sites have
names of their own: so a department half of whose sub-departments share their names with some elsewhere is a site.
Where nothing says that, each department stands for itself.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from bot.domain.directory import Directory

NO_DEPARTMENT = ""


def sites_of(departments: Collection[str], directory: Directory) -> Mapping[str, str]:
    """The site of each of these departments and of those above them: itself, if it is no part of one.

    Only the given ones are compared, so that an answer does not depend on what its reader may not see.
    """
    paths = {one: directory.department_path(one) for one in departments}
    known = {one.department_id: one for path in paths.values() for one in path}
    often = Counter(one.name.strip().casefold() for one in known.values())
    parts, shared = Counter[str](), Counter[str]()
    for one in known.values():
        if one.parent_id in known:
            parts[one.parent_id] += 1
            shared[one.parent_id] += often[one.name.strip().casefold()] > 1
    # The top is the company, not a site.
    wholes = {one for one, number in parts.items() if 2 * shared[one] >= number and known[one].parent_id in known}
    found = {}
    for ident in known:
        site = ident
        for above in directory.department_path(ident)[1:]:
            if above.department_id not in wholes:
                break
            site = above.department_id
        found[ident] = site
    return found


def department_of(directory: Directory) -> Mapping[str, str]:
    """The department of each person, by id; NO_DEPARTMENT for who has none."""
    return {ident: person.department_id or NO_DEPARTMENT for ident, person in directory.people.items()}


def all_sites(directory: Directory) -> Mapping[str, str]:
    """The site of every department with people, see `sites_of`."""
    return sites_of({*directory.derived(department_of).values()}, directory)


def sites_among(employees: Collection[str], directory: Directory) -> Mapping[str, str]:
    """The site of every department of these employees, see `sites_of`."""
    place = directory.derived(department_of)
    return sites_of({place[one] for one in employees if one in place}, directory)
