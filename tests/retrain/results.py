"""A run's result, as the pipeline writes it."""

from __future__ import annotations

from typing import Any


def result(**changed: Any) -> dict[str, Any]:
    return {
        "run": "month-20261101-020000-1a2b",
        "month": "2026-11",
        "status": "promoted",
        "version": "2026-11-3f2a91c",
        "champion": "2026-11-3f2a91c",
        "reasons": ["2026-11: R@10 rose by 0.051 (at least 0.020)"],
        "notes": ["2026-03: 12 groups are too few to tell"],
        "data": {"new": 1200, "changed": 3, "gone": 7, "quarantined": 12, "held": 0},
        "figures": {
            "2026-11": {"champion": 0.412, "challenger": 0.463, "queries": 200},
            "2026-10": {"champion": 0.5, "challenger": 0.495, "queries": 200},
        },
        "quarantined": [
            {"path": "s3://pictures/a.png", "reason": "half a picture"},
            {"path": "s3://pictures/b.png", "reason": "no description"},
        ],
        "report": "/home/me@work/runs/month-1/report.html",
        "took_s": {"scan": 4.0, "fit": 3600.0, "embed": 30.0},
        "error": None,
        **changed,
    }
