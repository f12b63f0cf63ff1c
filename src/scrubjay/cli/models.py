"""`scrubjay models`: the versions there are, and taking one elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, progress_bar

models = typer.Typer(
    no_args_is_help=True, help="List the versions there are, and copy one into a folder."
)

RegistryOption = Annotated[
    str | None,
    typer.Option(
        "--registry",
        help="s3://bucket/prefix or a folder: default $SCRUBJAY_REGISTRY, else the home's own.",
    ),
]


@models.command("list")
def list_models(
    home: HomeOption = None, registry: RegistryOption = None, json: JsonOption = False
) -> None:
    """List every version, the newest first; a star marks the one being served.

    Example: scrubjay models list --registry s3://acme/models
    """
    from scrubjay.services import find_registry, list_versions

    opened = find_registry(home, registry)
    versions, champion = list_versions(opened)
    if json:
        emit(
            {
                "registry": opened.url,
                "champion": champion.version if champion else None,
                "versions": [
                    {
                        "version": one.id,
                        "created": one.created.isoformat(),
                        "lineage": one.lineage,
                        "metrics": one.metrics,
                    }
                    for one in versions
                ],
            }
        )
        return
    out = console()
    if not versions:
        out.print(f"no version in {opened.url} yet", markup=False, soft_wrap=True)
    for one in versions:
        mark = "*" if champion and one.id == champion.version else " "
        parent = one.lineage.get("parent")
        begun = f"  from {parent}" if parent else ""
        out.print(
            f"{mark} {one.id}  {one.created:%Y-%m-%d %H:%M}{begun}", markup=False, soft_wrap=True
        )


@models.command("pull")
def pull(
    version: Annotated[str, typer.Argument(help="A version's id, or `champion`.")],
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet, or is empty.")],
    home: HomeOption = None,
    registry: RegistryOption = None,
    json: JsonOption = False,
) -> None:
    """Copy a version into a folder, where any program can load it.

    Every file is held against the manifest; the folder appears when all are right. It holds the
    model in its own format: a CLIP loads with `transformers.CLIPModel.from_pretrained(FOLDER)`.

    Example: scrubjay models pull champion our-model --registry s3://acme/models
    """
    from scrubjay.services import find_registry, pull_version

    with progress_bar() as progress:
        pulled = pull_version(find_registry(home, registry), version, folder, progress=progress)
    if json:
        emit({"version": pulled, "folder": str(folder.absolute())})
    else:
        console().print(f"{pulled} is in {folder}", markup=False, soft_wrap=True)
