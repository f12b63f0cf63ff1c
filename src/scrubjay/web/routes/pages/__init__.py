"""What people see: one file a part of the page."""

from __future__ import annotations

from fastapi import APIRouter

from scrubjay.web.routes.pages import items, models, runs, search, static, upload

router = APIRouter(include_in_schema=False)
for _part in (search, items, upload, models, runs, static):
    router.include_router(_part.router)
