"""Pure audio: WAV bytes in, WAV bytes out, nothing else touched."""

import io
import wave
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

TARGET_RATES = (16_000, 22_050, 44_100, 48_000, 96_000)
# Below this rate a small upload would grow into a result that doesn't fit into memory.
LOWEST_SOURCE_RATE = 8_000

_FULL_SCALE = 32_768


class InvalidAudio(ValueError):
    """The recording can't be read, or can't be upscaled as asked."""


@dataclass(frozen=True)
class Audio:
    rate: int
    samples: NDArray[np.float32]  # frames by channels, between -1 and 1


def decode(data: bytes) -> Audio:
    try:
        with wave.open(io.BytesIO(data)) as source:
            if source.getsampwidth() != 2:
                raise InvalidAudio("only 16-bit PCM is supported")
            rate, channels = source.getframerate(), source.getnchannels()
            announced_bytes = source.getnframes() * channels * 2
            pcm = source.readframes(source.getnframes())
    except (wave.Error, EOFError) as error:
        raise InvalidAudio(f"not a PCM WAV file: {error}") from error
    if not pcm or len(pcm) != announced_bytes:
        raise InvalidAudio("the recording is empty or cut short")
    samples = np.frombuffer(pcm, dtype="<i2").reshape(-1, channels)
    return Audio(rate, samples.astype(np.float32) / np.float32(_FULL_SCALE))


def encode(audio: Audio) -> bytes:
    pcm = np.clip(np.rint(audio.samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as target:
        target.setnchannels(audio.samples.shape[1])
        target.setsampwidth(2)
        target.setframerate(audio.rate)
        target.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def check_target(audio: Audio, target_rate: int) -> None:
    if audio.rate < LOWEST_SOURCE_RATE:
        raise InvalidAudio(f"the recording's rate is below {LOWEST_SOURCE_RATE} Hz")
    if target_rate not in TARGET_RATES:
        raise InvalidAudio(f"the target rate must be one of {', '.join(map(str, TARGET_RATES))}")
    if target_rate <= audio.rate:
        raise InvalidAudio(f"the recording already has {audio.rate} Hz")


def upscale(audio: Audio, target_rate: int) -> Audio:
    check_target(audio, target_rate)
    common = gcd(audio.rate, target_rate)
    samples = resample_poly(audio.samples, target_rate // common, audio.rate // common, axis=0)
    return Audio(target_rate, samples)


def upscale_wav(data: bytes, target_rate: int) -> bytes:
    return encode(upscale(decode(data), target_rate))
