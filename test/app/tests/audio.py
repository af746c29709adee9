import numpy as np

from audio_upscaler.resampling import Audio, encode


def sine_wav(
    rate: int = 8_000, seconds: float = 0.25, frequencies: tuple[int, ...] = (440,)
) -> bytes:
    """A recording with one pure tone a channel."""
    time = np.arange(round(rate * seconds)) / rate
    channels = [0.5 * np.sin(2 * np.pi * frequency * time) for frequency in frequencies]
    return encode(Audio(rate, np.stack(channels, axis=1).astype(np.float32)))


def loudest_frequencies(audio: Audio) -> list[int]:
    """The loudest frequency of each channel, in Hz."""
    spectrum = np.abs(np.fft.rfft(audio.samples, axis=0))
    frequencies = np.fft.rfftfreq(len(audio.samples), 1 / audio.rate)
    return [round(float(frequencies[peak])) for peak in spectrum.argmax(axis=0)]
