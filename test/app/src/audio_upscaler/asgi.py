"""The entry point of the web server: `uvicorn audio_upscaler.asgi:app`."""

import os

from audio_upscaler.api import create_app
from audio_upscaler.logs import configure_logging
from audio_upscaler.settings import Settings

settings = Settings.from_env(os.environ)
configure_logging(settings.log_level)
app = create_app(settings)
