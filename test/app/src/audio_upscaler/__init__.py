"""AI Audio Upscaler: an API and a worker that raise the sample rate of WAV recordings."""

__version__ = "1.0.0"
