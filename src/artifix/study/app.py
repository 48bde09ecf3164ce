"""The raters' page, and the little API behind it: nothing that it sends tells which method a picture is by."""

import dataclasses
import hmac
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Header, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from artifix.serving.guard import guard
from artifix.serving.limits import WireLimits
from artifix.serving.refusal import Refusal
from artifix.study.design import read_design
from artifix.study.pictures import picture_path
from artifix.study.progress import follow
from artifix.study.store import InviteError, OutOfTurnError, Profile, Standing, Store
from artifix.study.wording import read_wording

STATIC: Final = Path(__file__).parent / "static"
LIMITS: Final = WireLimits(max_bytes=1_000)  # a rating has about a hundred
Size = Annotated[str, Field(pattern=r"^\d{1,5}x\d{1,5}$")]


class Start(BaseModel):
    """Somebody begins; without consent nobody does. The rest is as `Profile` has it."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    consent: Literal[True]
    simulated: bool = False
    invite: Annotated[str, Field(max_length=40)] = ""
    age: Literal["18-29", "30-44", "45-59", "60+", "unsaid"] | None = None
    vision: Literal["normal", "corrected", "impaired", "unsaid"] | None = None
    pixels_per_mm: Annotated[float, Field(gt=0, le=100)] | None = None
    screen: Size | None = None


class Score(BaseModel):
    """One rating: see `Rating`."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    score: float
    seconds: Annotated[float, Field(ge=0)]
    ratio: Annotated[float, Field(gt=0)] | None = None
    window: Size | None = None


def create_app(study: str | Path, *, any_host: bool = False, key: str = "") -> FastAPI:
    """The application for a study's raters; all state is in the study's folder, so it may be stopped at any time.

    It answers to this machine's own names only, unless `any_host`. `key` opens the experimenter's page; without one
    there is none.
    """
    design, wording, store = read_design(study), read_wording(study), Store(study)
    procedure = design.procedure
    by_name = design.by_name
    pictures = {name for image in by_name.values() for name in (image.original, *image.tests.values())}
    app = FastAPI(title="artifix study", docs_url=None, redoc_url=None, openapi_url=None)
    guard(app, LIMITS, any_host=any_host)

    def describe(token: str, standing: Standing) -> dict[str, Any]:
        """What a rater's page needs to know, and no more."""
        told: dict[str, Any] = {
            "token": token,
            "simulated": standing.simulated,
            "practice": standing.practice,
            "total": standing.total,
            "done": standing.done,
            "completion": standing.completion,
            "trial": None,
        }
        if standing.trial:
            image = by_name[standing.trial.image]
            shown = [image.original] if procedure.shows_original else []
            shown += [image.tests[name] for name in (standing.trial.method, standing.trial.other) if name]
            told["trial"] = {
                "practice": standing.trial.kind == "practice",
                "pictures": [f"/pictures/{name}.png" for name in shown],
                "width": image.width,
                "height": image.height,
            }
        return told

    @app.get("/")
    @app.get("/rate/{token}")
    def page(token: str = "") -> Response:
        return FileResponse(STATIC / "index.html")

    @app.get("/progress")
    def progress_page() -> Response:
        return FileResponse(STATIC / "progress.html")

    @app.get("/api/study")
    def tell() -> dict[str, Any]:
        return {
            "procedure": procedure.name,
            "shown": 2 if procedure.shows_original or procedure.compares else 1,
            "grades": procedure.grades,
            "lowest": procedure.lowest,
            "highest": procedure.highest,
            "trials": design.trials,
            "minutes": round(design.minutes),
            "minimum_seconds": design.controls.minimum_seconds,
            "by_invitation": store.by_invitation,
            "sizes": sorted({(image.width, image.height) for image in by_name.values()}),
            "wording": wording,
        }

    @app.post("/api/raters", status_code=201)
    def start(begun: Start) -> dict[str, Any]:
        profile = Profile(begun.age, begun.vision, begun.pixels_per_mm, begun.screen)
        try:
            token = store.add_rater(design.order_of, simulated=begun.simulated, profile=profile, invite=begun.invite)
        except InviteError as error:
            raise Refusal(403, str(error)) from None
        return describe(token, store.standing(token))

    @app.get("/api/raters/{token}")
    def stand(token: str) -> dict[str, Any]:
        try:
            return describe(token, store.standing(token))
        except KeyError:
            raise Refusal(404, "no such rater") from None

    @app.put("/api/raters/{token}/trials/{number}")
    def rate(token: str, number: Annotated[int, InPath(ge=1)], given: Score) -> dict[str, Any]:
        if not procedure.accepts(given.score):
            whole = "a whole number " if procedure.graded else ""
            raise Refusal(400, f"score: must be {whole}within {procedure.lowest:g}..{procedure.highest:g}")
        if given.seconds < design.controls.minimum_seconds:
            raise Refusal(400, f"seconds: at least {design.controls.minimum_seconds:g} are asked for")
        try:
            return describe(token, store.rate(token, number, **given.model_dump()))
        except KeyError:
            raise Refusal(404, "no such rater") from None
        except OutOfTurnError as error:
            raise Refusal(409, str(error)) from None

    @app.get("/api/experimenter")
    def experimenter(authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        if not key or not hmac.compare_digest(authorization.encode(), f"Bearer {key}".encode()):
            raise Refusal(401, "the experimenter's key is needed")
        return dataclasses.asdict(follow(study))

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
