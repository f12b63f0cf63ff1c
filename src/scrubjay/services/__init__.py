"""The composition root: a home folder becomes the objects commands work with."""

from __future__ import annotations

from scrubjay.services.asking import look_in, open_asking, open_clip
from scrubjay.services.collecting import (
    add_folder,
    add_uploads,
    facets,
    finish_uploads,
    forget_items,
    forget_source,
    get_item,
    items_of_source,
    list_items,
    list_moments,
)
from scrubjay.services.learning import evaluate, evaluate_cutoff, generate_sheet, sweep, train
from scrubjay.services.opening import (
    CHAMPION_NAME,
    current_champion,
    find_registry,
    list_versions,
    open_champion,
    open_encoder,
    open_home,
    open_pair,
    pull_version,
    shipped_version,
)
from scrubjay.services.reviewing import fix_caption, judge, list_feedback, questions
from scrubjay.services.serving import (
    begin_with_shipped,
    month_history,
    open_version,
    plan_month,
    roll_back,
    run_month,
    set_champion,
)

__all__ = [
    "CHAMPION_NAME",
    "add_folder",
    "add_uploads",
    "begin_with_shipped",
    "current_champion",
    "evaluate",
    "evaluate_cutoff",
    "facets",
    "find_registry",
    "finish_uploads",
    "fix_caption",
    "forget_items",
    "forget_source",
    "generate_sheet",
    "get_item",
    "items_of_source",
    "judge",
    "list_feedback",
    "list_items",
    "list_moments",
    "list_versions",
    "look_in",
    "month_history",
    "open_asking",
    "open_champion",
    "open_clip",
    "open_encoder",
    "open_home",
    "open_pair",
    "open_version",
    "plan_month",
    "pull_version",
    "questions",
    "roll_back",
    "run_month",
    "set_champion",
    "shipped_version",
    "sweep",
    "train",
]
