# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a folder to a model that knows it
#
# A folder of pictures with descriptions becomes a collection you can search; then the encoder
# learns from it, is measured on pictures it never saw, and tells you where it still fails.
# Everything runs on this machine: no server, no account, nothing fetched. It takes a few minutes.
#
# Without a folder of yours, one is drawn: scenes with twelve kinds of thing that the encoder in the
# box has never seen.

# %%
import os
from pathlib import Path

from scrubjay.cli.compose import compose
from scrubjay.cli.demo.collection import write_month
from scrubjay.core.protocols import silent
from scrubjay.core.types import Split
from scrubjay.media.world.months import second_month
from scrubjay.search.query import Query
from scrubjay.services import (
    add_folder,
    current_champion,
    diagnose,
    diagnosis_page,
    evaluate,
    open_champion,
    open_home,
    set_champion,
    train,
)

FOLDER = os.environ.get("SCRUBJAY_FOLDER")  # yours: pictures, and descriptions.json or a table
HOME = Path(os.environ.get("SCRUBJAY_HOME", "scrubjay-home"))
ASKED = "a flamingo above a skateboard"

# %% [markdown]
# ## Take it in
#
# Every picture is looked at once, gets a place in the train, val or test part that never changes,
# and is indexed with the encoder in the box. What cannot be used is set aside, with a reason.

# %%
folder = Path(FOLDER) if FOLDER else write_month(HOME / "drawn", second_month(), silent)
home = open_home(HOME, builtin=True)
added = add_folder(home, folder, month="2026-01", progress=silent)
before = current_champion(home).version
print(f"{added.added} items added, {len(added.quarantined)} set aside; {before} serves")

# %% [markdown]
# ## Search, before it learned
#
# A query can be a text, a picture or a recording. `search` gives hits with scores and evidence.


# %%
def found(text: str, k: int = 6) -> list[tuple[float, str]]:
    """What is found first for a text: (score, caption or file)."""
    answer = open_champion(home).search(Query(text=text, k=k))
    return [(hit.score, hit.caption or hit.uri) for hit in answer.hits]


for score, caption in found(ASKED):
    print(f"{score:.2f}  {caption}")

# %% [markdown]
# ## Teach it
#
# `compose` is what `scrubjay train` does with its overrides: groups of configuration, any value of
# which can be changed (docs/training.md). Here the encoder in the box goes on learning; the result
# is registered with its metrics and lineage. Yours may be a CLIP (`experiment=tickets_clip`) or a
# model of open_clip (`experiment=open_clip`).

# %%
config = compose(["experiment=demo", f"encoder.source={home.registry.folder(before)}"])
trained = train(home, config, resume=False, progress=silent)
after = trained.version or before
print(f"{after}, from {before}: loss {trained.metrics['train/loss']:.3f}")

# %% [markdown]
# ## Measure it on pictures it never saw

# %%
for version in (before, after):
    for direction in evaluate(home, version, split=Split.TEST, progress=silent).directions:
        at_10 = direction.recall[10]
        print(
            f"{version}  {direction.name:12}  R@10 {at_10.value:.2f} "
            f"[{at_10.low:.2f}, {at_10.high:.2f}]"
        )

# %% [markdown]
# ## Serve it, and search again

# %%
set_champion(home, after, progress=silent)
for score, caption in found(ASKED):
    print(f"{score:.2f}  {caption}")

# %% [markdown]
# ## See where it fails
#
# Recall by slice, minimal pairs (does swapping a colour or a relation change the score?), the shape
# of the space, what is taken for what, likely wrong captions, and what to try next. The page is one
# file; `diagnosis.to_json()` has every figure.

# %%
diagnosis = diagnose(
    home, after, against=before, split=Split.TEST, folder=None, curve=False, progress=silent
)
page = HOME / "diagnosis.html"
page.write_text(diagnosis_page(home, diagnosis), encoding="utf-8")
print(f"{page}: {', '.join(diagnosis.sections)}")
for advice in diagnosis.to_json()["sections"].get("advice", {}).get("advice", []):
    print(f"- {advice['because']} -> {advice['command']}")

# %% [markdown]
# ## Next
#
# - `scrubjay sweep experiment=demo model.lr=1e-4,3e-4 ...` compares settings.
# - `scrubjay serve` opens the page; people mark wrong hits and fix captions under Review.
# - `scrubjay retrain data.source=...` does all of this every month, and refuses what is not better.
