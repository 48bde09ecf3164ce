"""The parameters that several operations of the API have."""

from typing import Annotated

from fastapi import Query

JobName = Annotated[
    str, Query(pattern="^[A-Za-z0-9_-]{0,64}$", description="A name, yours to choose, to ask /api/progress/NAME by.")
]
ModelName = Annotated[str, Query(description="One of /api/models; else what suits the picture's format.")]
Strength = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="0: the input, 1: fully restored.")]
Detail = Annotated[
    float, Query(ge=0, le=1, allow_inf_nan=False, description="0: faithful, 1: vivid; where the model has it.")
]
UploadName = Annotated[str, Query(description="What /api/uploads called the picture, in place of a body.")]
