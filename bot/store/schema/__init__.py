"""The tables, as steps that are only ever appended to: a step that has been released never changes again (but for its
comments, which old files keep as they were). A new step is written in `steps_from_018.py` and appended to its
`STEPS_FROM_018`.

Each step runs inside the one transaction that `opening` holds; none may use `executescript`, which commits.
"""

import sqlite3

from sqlite_utils import Migrations

from bot.store.schema.first_tables import (
    INDEXES_OF_BASELINE,
    m001_first_tables,
)
from bot.store.schema.steps_002_to_010 import (
    m002_forgetting,
    m003_severed_ties,
    m004_destinations_fare,
    m005_summaries,
    m006_troubles,
    m007_promised_details,
    m008_unknown_refusals,
    m009_rename,
    m010_computed_eligibility,
)
from bot.store.schema.steps_011_to_017 import (
    INDEXES_OF_REPORTS,
    REPLACED_INDEX,
    m011_people_by_id,
    m012_edit_priority,
    m013_rights,
    m014_completions,
    m015_settled_scores,
    m016_parts,
    m017_indexes_of_reports,
)
from bot.store.schema.steps_from_018 import (
    INDEX_OF_DAYS,
    INDEX_OF_MEMBERS,
    REPLACED_TEAM_INDEX,
    STEPS_FROM_018,
    WIDER_INDEXES,
)

APPLICATION_ID = 0x53505431  # "SPT1": tells `file` and us whose database this is

# In the order in which they run.
STEPS = (
    m001_first_tables,
    m002_forgetting,
    m003_severed_ties,
    m004_destinations_fare,
    m005_summaries,
    m006_troubles,
    m007_promised_details,
    m008_unknown_refusals,
    m009_rename,
    m010_computed_eligibility,
    m011_people_by_id,
    m012_edit_priority,
    m013_rights,
    m014_completions,
    m015_settled_scores,
    m016_parts,
    m017_indexes_of_reports,
    *STEPS_FROM_018,
)
migrations = Migrations("spotter")
for step in STEPS:
    migrations()(step)


def finish_indexes(connection: sqlite3.Connection) -> None:
    """Makes the indexes of a finished baseline, once."""
    replaced = (REPLACED_INDEX, REPLACED_TEAM_INDEX, *WIDER_INDEXES)
    later = (INDEX_OF_MEMBERS, *WIDER_INDEXES.values(), INDEX_OF_DAYS)
    for statement in (*INDEXES_OF_BASELINE, *INDEXES_OF_REPORTS, *later):
        if not any(f" {name} " in statement for name in replaced):
            connection.execute(statement)
