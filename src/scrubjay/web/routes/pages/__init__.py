"""What people see: one file a part of the page."""

from __future__ import annotations

from fastapi import APIRouter

from scrubjay.web.routes.pages import (
    ask,
    bigger,
    items,
    models,
    review,
    runs,
    search,
    static,
    upload,
)

router = APIRouter(include_in_schema=False)
for _part in (search, ask, items, upload, review, models, runs, bigger, static):
    router.include_router(_part.router)
