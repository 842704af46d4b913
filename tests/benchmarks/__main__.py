"""`make bench`: every figure beside its reference, as a table and as build/bench.json."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    audit,
    cedar,
    decisions,
    formats,
    reading,
    resumable,
    sealing,
    storage,
    transfer,
)
from tests.benchmarks.figures import Figure

FIGURES: dict[str, Callable[[bool], Figure]] = {
    "seal": sealing.seal,
    "open": sealing.open_,
    "seal_vs_tink": formats.seal_vs_tink,
    "seal_vs_esdk": formats.seal_vs_esdk,
    "seal_vs_age": formats.seal_vs_age,
    "upload_http_raw": transfer.upload_http_raw,
    "upload_http_tus": resumable.upload_http_tus,
    "upload_http_form": transfer.upload_http_form,
    "download_http": transfer.download_http,
    "download_vs_raw_get": reading.download_vs_raw_get,
    "range_64k": reading.range_64k,
    "upload_rss_mib": transfer.upload_rss_mib,
    "small_files": resumable.small_files,
    "decide_cold": decisions.decide_cold,
    "decide_warm": decisions.decide_warm,
    "decide_vs_cedar_cold": cedar.decide_vs_cedar_cold,
    "decide_vs_cedar_warm": cedar.decide_vs_cedar_warm,
    "decide_scale": storage.decide_scale,
    "list_10k": storage.list_10k,
    "list_scale": storage.list_scale,
    "whatif_ms": decisions.whatif_ms,
    "floors_ms": decisions.floors_ms,
    "scope_memory_kib": decisions.scope_memory_kib,
    "audit_append_1": audit.audit_append_1,
}

OUT = Path("build") / "bench.json"


def main() -> int:
    quick = os.environ.get("BENCH_QUICK") == "1"
    wanted = [name for name in os.environ.get("ONLY", "").split(",") if name] or list(FIGURES)
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        sys.stderr.write(f"No such figure. There are: {', '.join(FIGURES)}\n")
        return 2
    figures = [FIGURES[name](quick) for name in wanted]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([_json(figure, quick=quick) for figure in figures], indent=2) + "\n")
    Console(width=110).print(_table(figures, quick=quick))
    return 0


def _json(figure: Figure, *, quick: bool) -> dict[str, object]:
    return {
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "reference": figure.reference,
        "reference_value": figure.reference_value,
        "ratio": figure.ratio,
        "better": figure.better,
        **({"quick": True} if quick else {}),
    }


def _table(figures: list[Figure], *, quick: bool) -> Table:
    title = "Quick run: sizes are shrunk, figures say nothing" if quick else "Figures"
    table = Table("figure", "value", "unit", "reference", "its value", "ratio", title=title)
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:.4g}",
            figure.unit,
            figure.reference or "–",
            "–" if figure.reference_value is None else f"{figure.reference_value:.4g}",
            "–" if figure.ratio is None else f"{figure.ratio:.3f} ({figure.better} is better)",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
