import io
import wave

import numpy as np
import pytest

from audio_upscaler.resampling import Audio, InvalidAudio, decode, encode, upscale, upscale_wav
from tests.audio import loudest_frequencies, sine_wav


@pytest.mark.parametrize(
    ("source_rate", "target_rate"), [(8_000, 16_000), (22_050, 48_000), (44_100, 96_000)]
)
def test_upscaling_keeps_length_and_pitch(source_rate: int, target_rate: int) -> None:
    audio = decode(upscale_wav(sine_wav(source_rate, seconds=0.5), target_rate))

    assert audio.rate == target_rate
    assert audio.samples.shape == (target_rate // 2, 1)
    assert loudest_frequencies(audio) == [440]


def test_channels_stay_apart() -> None:
    audio = upscale(decode(sine_wav(seconds=0.5, frequencies=(440, 1_000))), 48_000)

    assert loudest_frequencies(audio) == [440, 1_000]


def test_upscaling_adds_no_tones_above_the_source() -> None:
    audio = upscale(decode(sine_wav(8_000, seconds=0.5, frequencies=(3_000,))), 48_000)

    power = np.abs(np.fft.rfft(audio.samples[:, 0])) ** 2
    above = np.fft.rfftfreq(len(audio.samples), 1 / audio.rate) > 4_000
    assert power[above].sum() < 0.001 * power.sum()


def test_encoding_keeps_every_sample() -> None:
    samples = np.array([[-1.0], [-0.5], [0.0], [0.25]], dtype=np.float32)

    np.testing.assert_array_equal(decode(encode(Audio(8_000, samples))).samples, samples)


def test_encoding_clips_instead_of_wrapping() -> None:
    samples = np.array([[1.5], [-1.5]], dtype=np.float32)

    assert decode(encode(Audio(8_000, samples))).samples[:, 0].tolist() == [32_767 / 32_768, -1.0]


def _eight_bit_wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as target:
        target.setparams((1, 1, 8_000, 0, "NONE", ""))
        target.writeframes(bytes(100))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a PCM WAV file"),
        (b"ID3 this is no wave", "not a PCM WAV file"),
        (_eight_bit_wav(), "only 16-bit PCM"),
        (sine_wav(seconds=0), "empty or cut short"),
        (sine_wav()[:-3], "empty or cut short"),
    ],
)
def test_unreadable_recordings_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidAudio, match=reason):
        decode(data)


@pytest.mark.parametrize(
    ("source_rate", "target_rate", "reason"),
    [
        (4_000, 48_000, "below 8000 Hz"),
        (8_000, 47_999, "must be one of"),
        (48_000, 48_000, "already has 48000 Hz"),
    ],
)
def test_impossible_targets_are_refused(source_rate: int, target_rate: int, reason: str) -> None:
    with pytest.raises(InvalidAudio, match=reason):
        upscale_wav(sine_wav(source_rate), target_rate)
