"""The example on Ray: image -> caption -> speech. Its graph runs in Ray Serve's local mode, on stand-ins for models."""

import io
import re
import wave
from collections.abc import Callable
from typing import Any

import pytest
from spoken_captions.models import SOURCES, Sound
from spoken_captions.orders import LARGEST, Order, Refused, order
from spoken_captions.speech import sentence, wav

JPEG = b"\xff\xd8\xff" + b"picture"
NAMES = ("base", "large")


def test_every_model_is_pinned_by_commit() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{40}", source.revision) for source in SOURCES)


@pytest.mark.parametrize(
    ("caption", "spoken"),
    [
        ("a dog on a beach", "A dog on a beach."),
        ("arafed man riding  a bike.", "Man riding a bike."),
        ("A photo of two cats!", "Two cats."),
    ],
)
def test_a_caption_is_spoken_as_one_sentence(caption: str, spoken: str) -> None:
    assert sentence(caption) == spoken


@pytest.mark.parametrize("caption", ["", " . ", "arafed "])
def test_a_caption_without_words_is_refused(caption: str) -> None:
    with pytest.raises(ValueError, match="has no words to speak"):
        sentence(caption)


def test_sound_becomes_a_wav_file_and_what_is_too_loud_is_clipped() -> None:
    with wave.open(io.BytesIO(wav(Sound([0.0, 1.0, -2.0], 16000)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        assert file.readframes(3) == b"\x00\x00" + b"\xff\x7f" + b"\x01\x80"


@pytest.mark.parametrize("sound", [Sound([], 16000), Sound([0.0], 0)])
def test_no_sound_is_no_file(sound: Sound) -> None:
    with pytest.raises(ValueError, match="no sound"):
        wav(sound)


@pytest.mark.parametrize(
    ("method", "query", "body", "status", "reason"),
    [
        ("GET", {}, JPEG, 405, "GET is not allowed; POST an image"),
        ("POST", {"captioner": "huge"}, JPEG, 400, "captioner 'huge' is not known; choose from base, large"),
        ("POST", {}, b"", 400, "the body is empty; send an image in it"),
        ("POST", {}, JPEG + bytes(LARGEST), 413, f"the image has {LARGEST + 10} bytes; {LARGEST} are allowed"),
        ("POST", {}, b"%PDF-1.7", 415, "the body is no JPEG, PNG or WebP image"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_reason(
    method: str, query: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    with pytest.raises(Refused, match=re.escape(reason)) as refused:
        order(method, query, body, NAMES, "base")
    assert refused.value.status == status


def test_the_caller_chooses_the_captioner_or_leaves_it_to_the_default() -> None:
    assert order("POST", {}, JPEG, NAMES, "base") == Order(JPEG, "base")
    assert order("POST", {"captioner": "large"}, JPEG, NAMES, "base") == Order(JPEG, "large")


def load(name: str) -> Callable[[bytes], str]:
    def caption(image: bytes) -> str:
        if image.endswith(b"broken"):
            raise ValueError("not an image that can be read")
        return f"a picture of {len(image)} bytes by {name}"

    return caption


class Multiplexer:
    """Stands in for Serve's: the local mode has no replica, which the real one reports to."""

    def __init__(self, function: Any, owner: Any, *_: Any, **__: Any) -> None:
        self._function, self._owner = function, owner

    async def load_model(self, name: str) -> Any:
        return await self._function(self._owner, name)


@pytest.fixture(scope="module")
def handle() -> Any:
    from ray import serve
    from ray.serve import api
    from spoken_captions.app import pipeline

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "_ModelMultiplexWrapper", Multiplexer)
        application = pipeline(load, lambda: lambda text: Sound([0.5] * len(text), 16000))
        yield serve.run(application, _local_testing_mode=True)


class Request:
    """As much of an HTTP request as the way in looks at."""

    def __init__(self, body: bytes, **query: str) -> None:
        self.method, self.query_params, self._body = "POST", query, body

    async def body(self) -> bytes:
        return self._body


def test_a_picture_goes_through_both_steps(handle: Any) -> None:
    answer = handle.remote(Request(JPEG)).result()
    assert (answer.status_code, answer.media_type) == (200, "audio/wav")
    assert answer.headers["X-Caption"] == "10%20bytes%20by%20base."
    with wave.open(io.BytesIO(answer.body)) as file:
        assert file.getnframes() == len("10 bytes by base.")


def test_each_request_meets_the_captioner_that_it_asked_for(handle: Any) -> None:
    answers = [handle.remote(Request(JPEG, captioner=name)).result() for name in ("large", "base", "large")]
    chosen = [answer.headers["X-Caption"].rpartition("%20")[2] for answer in answers]
    assert chosen == ["large.", "base.", "large."]


def test_a_picture_that_cannot_be_read_is_the_callers_fault(handle: Any) -> None:
    answer = handle.remote(Request(JPEG + b"broken")).result()
    assert answer.status_code == 422
    assert answer.body == b"nothing can be said about this image: not an image that can be read"


def test_a_request_that_is_refused_reaches_no_model(handle: Any) -> None:
    assert handle.remote(Request(b"text")).result().status_code == 415


def test_the_application_says_at_once_that_a_default_is_unknown() -> None:
    from spoken_captions.app import Pipeline

    with pytest.raises(ValueError, match="captioner 'huge' is not known; choose from base, large"):
        Pipeline.func_or_class(None, None, "huge")


def test_the_real_application_is_built_without_loading_a_model() -> None:
    from spoken_captions.app import build

    assert build({"captioner": "large"}) is not None
