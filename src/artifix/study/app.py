"""The raters' page, and the little API behind it: nothing that it sends tells which method a picture is by."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from artifix.serving.guard import guard
from artifix.serving.limits import WireLimits
from artifix.serving.refusal import Refusal
from artifix.study.design import picture_path, read_design
from artifix.study.store import OutOfTurnError, Standing, Store

STATIC: Final = Path(__file__).parent / "static"
LIMITS: Final = WireLimits(max_bytes=1_000)  # a rating has about a hundred


class Start(BaseModel):
    """Somebody begins; without consent nobody does."""

    model_config = ConfigDict(strict=True)

    consent: Literal[True]
    simulated: bool = False


class Score(BaseModel):
    """One rating: see `Rating`."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    score: Annotated[float, Field(ge=0, le=100)]
    seconds: Annotated[float, Field(ge=0)]
    scale: Annotated[float, Field(gt=0)]
    ratio: Annotated[float, Field(gt=0)] | None = None
    window: Annotated[str, Field(pattern=r"^\d{1,5}x\d{1,5}$")] | None = None


def create_app(study: str | Path, *, any_host: bool = False) -> FastAPI:
    """The application for a study's raters; all state is in the study's folder, so it may be stopped at any time.

    It answers to this machine's own names only, unless `any_host`.
    """
    design = read_design(study)
    store = Store(study)
    by_name = design.by_name
    pictures = {name for image in by_name.values() for name in (image.original, *image.tests.values())}
    app = FastAPI(title="artifix study", docs_url=None, redoc_url=None, openapi_url=None)
    guard(app, LIMITS, any_host=any_host)

    def describe(token: str, standing: Standing) -> dict[str, Any]:
        """What a rater's page needs to know, and no more."""
        told: dict[str, Any] = {
            "token": token,
            "simulated": standing.simulated,
            "practice": standing.training,
            "total": standing.total,
            "done": standing.done,
            "trial": None,
        }
        if standing.trial:
            image = by_name[standing.trial.image]
            told["trial"] = {
                "practice": standing.trial.training,
                "original": f"/pictures/{image.original}.png",
                "test": f"/pictures/{image.tests[standing.trial.method]}.png",
                "width": image.width,
                "height": image.height,
            }
        return told

    @app.get("/")
    @app.get("/rate/{token}")
    def page(token: str = "") -> Response:
        return FileResponse(STATIC / "index.html")

    @app.get("/api/study")
    def tell() -> dict[str, Any]:
        return {
            "pictures": len(design.images) * len(design.methods),
            "minutes": round(design.minutes),
            "sizes": sorted({(image.width, image.height) for image in design.by_name.values()}),
        }

    @app.post("/api/raters", status_code=201)
    def start(begun: Start) -> dict[str, Any]:
        token = store.add_rater(design.order_of, simulated=begun.simulated)
        return describe(token, store.standing(token))

    @app.get("/api/raters/{token}")
    def stand(token: str) -> dict[str, Any]:
        try:
            return describe(token, store.standing(token))
        except KeyError:
            raise Refusal(404, "no such rater") from None

    @app.put("/api/raters/{token}/trials/{number}")
    def rate(token: str, number: Annotated[int, InPath(ge=1)], given: Score) -> dict[str, Any]:
        try:
            return describe(token, store.rate(token, number, **given.model_dump()))
        except KeyError:
            raise Refusal(404, "no such rater") from None
        except OutOfTurnError as error:
            raise Refusal(409, str(error)) from None

    @app.get("/pictures/{name}.png")
    def picture(name: str) -> Response:
        if name not in pictures:
            raise Refusal(404, "no such picture")
        # Not as a file: its date would tell which were made together.
        try:
            data = picture_path(study, name).read_bytes()
        except FileNotFoundError:
            raise Refusal(404, "the picture's file is missing") from None
        return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})

    app.mount("/static", StaticFiles(directory=STATIC))
    return app
