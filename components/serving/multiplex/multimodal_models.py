"""Many models behind one address: a Ray Serve application that loads a model when it is asked for.

Each replica of `Models` has one GPU and holds `resident` models; Ray Serve sends a request to a replica that has its
model, and lets the least recently used one go to make room. This file runs in the tenant's image, which brings Ray
Serve, transformers, torch and kserve-storage. It lies beside `models.json` (name -> where its weights are), which may
change while the application runs, and `store` (where store:// leads).

    GET  /models         the names
    POST /models/<name>  {"inputs": "text" or ["text", ...], "parameters": {...}}, or an image or a sound as the body
"""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import ray.serve
from multimodal_loading import Load, Loaded, NotLoaded, free_memory, load
from multimodal_requests import TASKS, Catalog, Refused, chosen_source, order
from ray.serve.exceptions import BackPressureError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

serve: Any = ray.serve
"""Ray Serve, whose decorators have no types."""

HERE = Path(__file__).parent
"""The mounted folder. Not resolved: Kubernetes changes its files by moving a link."""


def plain(value: Any) -> Any:
    """A number or array of torch's or numpy's as JSON knows it."""
    return value.tolist()


def models_deployment(resident: int) -> Any:
    """The deployment that holds models, `resident` of them in each replica."""

    @serve.deployment(
        name="Models",
        ray_actor_options={"num_cpus": 1, "num_gpus": 1},
        # Most of them wait for a model to load, or for their turn at it; those for other models go on meanwhile.
        max_ongoing_requests=16,
        max_queued_requests=200,
    )
    class Models:
        def __init__(self, load_model: Load) -> None:
            self._load = load_model

        @serve.multiplexed(max_num_models_per_replica=resident)
        async def model(self, source: str) -> Any:
            try:
                return Loaded(await asyncio.to_thread(self._load, source))
            except Exception as error:
                free_memory()
                raise NotLoaded(f"{type(error).__name__}: {error}") from None

        async def answer(self, source: str, inputs: Any, parameters: dict[str, Any]) -> Any:
            # A caller who leaves must not end a load half-way: its thread would go on, uncounted, beside the next one.
            return await asyncio.shield(asyncio.ensure_future(self._answer(source, inputs, parameters)))

        async def _answer(self, source: str, inputs: Any, parameters: dict[str, Any]) -> Any:
            # Nothing else runs between the two lines, so the model cannot go before it is entered.
            model: Loaded = await self.model(source)
            with model:
                return await asyncio.to_thread(model.answer, inputs, parameters)

    return Models


@serve.deployment(ray_actor_options={"num_cpus": 0.5}, max_ongoing_requests=200)
class Front:
    """The way in, over HTTP."""

    def __init__(self, models: Any, catalog: Catalog, reads: str) -> None:
        self._models, self._catalog, self._reads = models, catalog, reads

    async def __call__(self, request: Request) -> Response:
        """Answers with JSON, errors included."""
        try:
            return await self._answer(request.method, request.url.path.strip("/").split("/"), request)
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, status_code=refused.status)

    async def _answer(self, method: str, path: list[str], request: Request) -> Response:
        sources = self._catalog.sources()
        if path[0] != "models" or len(path) > 2:
            raise Refused(404, "there is GET /models and POST /models/<name>")
        if method != ("GET" if len(path) == 1 else "POST"):
            raise Refused(405, f"{method} is not allowed; there is GET /models and POST /models/<name>")
        if len(path) == 1:
            return JSONResponse({"models": sorted(sources)})
        answer = await self.ask(path[1], await request.body())
        return Response(json.dumps(answer, default=plain), media_type="application/json")

    async def ask(self, name: str, body: bytes) -> Any:
        """The named model's answer. Raises `Refused`."""
        source = chosen_source(name, self._catalog.sources())
        inputs, parameters = order(body, self._reads)
        try:
            # The id says where to send it: to a replica that has the model, if there is one. It is the source, so that
            # a name with a new source is another model.
            to_replica = self._models.options(multiplexed_model_id=source)
            return await to_replica.answer.remote(source, inputs, parameters)
        except NotLoaded as error:
            raise Refused(503, f"model {name!r} could not be loaded: {error}") from None
        except BackPressureError:
            raise Refused(503, "too many requests are waiting; try again later") from None
        except ValueError as error:  # Ray keeps the kind of an error that a replica raises
            raise Refused(422, f"model {name!r} cannot read the inputs: {error}") from None


def application(load_model: Load, catalog: Catalog, *, reads: str, resident: int) -> Any:
    """The application on models that `load_model` loads."""
    return Front.bind(models_deployment(resident).bind(load_model), catalog, reads)


def build(args: dict[str, Any]) -> Any:
    """The application as Ray Serve builds it. `args`: `task`, and `resident`, the models of a replica at once."""
    task = str(args["task"])
    return application(partial(load, task=task), Catalog(HERE), reads=TASKS[task], resident=int(args["resident"]))
