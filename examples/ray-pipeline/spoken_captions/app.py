"""The Ray Serve application: two steps with GPUs, and one without that leads through them."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ray import serve
from ray.serve.handle import DeploymentHandle
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from spoken_captions import huggingface
from spoken_captions.models import CAPTIONERS, Captioner, Voice
from spoken_captions.orders import Order, Refused, order
from spoken_captions.speech import sentence, wav

Options = dict[str, Any]


@serve.deployment(ray_actor_options={"num_cpus": 1, "num_gpus": 0.5}, max_ongoing_requests=4)
class Captions:
    """Image -> caption. Each replica keeps one captioner on its GPU and swaps it when another is asked for; Serve sends
    a request to a replica that holds the right one, if there is any."""

    def __init__(self, load: Callable[[str], Captioner]) -> None:
        self._load = load

    @serve.multiplexed(max_num_models_per_replica=1)
    async def model(self, name: str) -> Captioner:
        """The captioner of that name."""
        return await asyncio.to_thread(self._load, name)

    async def caption(self, image: bytes, captioner: str) -> str:
        """The caption of an encoded image, by the captioner of that name."""
        model = await self.model(captioner)
        return await asyncio.to_thread(model, image)


@serve.deployment(ray_actor_options={"num_cpus": 1, "num_gpus": 0.5}, max_ongoing_requests=4)
class Speech:
    """Text -> WAV."""

    def __init__(self, load: Callable[[], Voice]) -> None:
        self._voice = load()

    async def speak(self, text: str) -> bytes:
        """The text as a WAV file."""
        return wav(await asyncio.to_thread(self._voice, text))


@serve.deployment(ray_actor_options={"num_cpus": 0.5})
class Pipeline:
    """The way in: a POST of an image is answered with what is in it, spoken."""

    def __init__(self, captions: DeploymentHandle, speech: DeploymentHandle, default: str) -> None:
        if default not in CAPTIONERS:
            raise ValueError(f"captioner {default!r} is not known; choose from {', '.join(sorted(CAPTIONERS))}")
        self._captions, self._speech, self._default = captions, speech, default

    async def __call__(self, request: Request) -> Response:
        """Answers over HTTP: audio/wav, with the words in the header X-Caption."""
        try:
            chosen = order(request.method, request.query_params, await request.body(), CAPTIONERS, self._default)
        except Refused as refused:
            return PlainTextResponse(str(refused), status_code=refused.status)
        try:
            words, sound = await self.describe(chosen)
        except ValueError as error:  # Ray keeps the kind of an error that a step raises
            return PlainTextResponse(f"nothing can be said about this image: {error}", status_code=422)
        return Response(sound, media_type="audio/wav", headers={"X-Caption": quote(words)})

    async def describe(self, chosen: Order) -> tuple[str, bytes]:
        """The sentence, and the same as a WAV file."""
        # The option only says where to send it: to a replica that holds the model, if there is one.
        captions = self._captions.options(multiplexed_model_id=chosen.captioner)
        words = sentence(await captions.caption.remote(chosen.image, chosen.captioner))
        return words, await self._speech.speak.remote(words)


def pipeline(
    load_captioner: Callable[[str], Captioner], load_voice: Callable[[], Voice], default: str = "base"
) -> serve.Application:
    """The application on these models."""
    return Pipeline.bind(Captions.bind(load_captioner), Speech.bind(load_voice), default)


def build(args: dict[str, str]) -> serve.Application:
    """The application on the real models. `args` may hold `captioner`, which answers when a caller names none."""
    return pipeline(huggingface.load_captioner, huggingface.load_voice, args.get("captioner", "base"))
