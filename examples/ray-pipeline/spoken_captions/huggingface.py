"""The real models. Weights lie in the image: a tenant's network reaches no hub."""

import io

from spoken_captions.models import CAPTIONERS, SOURCES, VOICE, Captioner, Sound, Voice

_MOST_WORDS = 40


def fetch() -> None:
    """Downloads every model at its commit; the image's build runs it."""
    from huggingface_hub import snapshot_download

    for source in SOURCES:
        snapshot_download(source.repository, revision=source.revision, ignore_patterns=["*.h5", "*.msgpack"])


def load_captioner(name: str) -> Captioner:
    """The captioner of that name, on the GPU that Ray gave to this replica."""
    import torch
    from PIL import Image, UnidentifiedImageError
    from transformers import BlipForConditionalGeneration, BlipProcessor

    source = CAPTIONERS[name]
    processor = BlipProcessor.from_pretrained(source.repository, revision=source.revision)
    model = BlipForConditionalGeneration.from_pretrained(
        source.repository, revision=source.revision, torch_dtype=torch.float16
    ).to("cuda")

    def caption(image: bytes) -> str:
        try:
            picture = Image.open(io.BytesIO(image)).convert("RGB")
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
            raise ValueError(f"not an image that can be read: {error}") from None
        inputs = processor(picture, return_tensors="pt").to("cuda", torch.float16)
        with torch.inference_mode():
            tokens = model.generate(**inputs, max_new_tokens=_MOST_WORDS)
        return str(processor.decode(tokens[0], skip_special_tokens=True))

    return caption


def load_voice() -> Voice:
    """The voice, on the GPU that Ray gave to this replica."""
    import torch
    from transformers import AutoTokenizer, VitsModel

    tokenizer = AutoTokenizer.from_pretrained(VOICE.repository, revision=VOICE.revision)
    model = VitsModel.from_pretrained(VOICE.repository, revision=VOICE.revision).to("cuda")

    def speak(text: str) -> Sound:
        inputs = tokenizer(text, return_tensors="pt").to("cuda")
        with torch.inference_mode():
            waveform = model(**inputs).waveform[0]
        return Sound(waveform.float().cpu().tolist(), int(model.config.sampling_rate))

    return speak


if __name__ == "__main__":
    fetch()
