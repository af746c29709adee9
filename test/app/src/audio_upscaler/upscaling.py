"""The public API: upload a recording, follow its job, fetch the result."""

import logging
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Response, UploadFile
from pydantic import BaseModel, ConfigDict
from redis import RedisError

from audio_upscaler import jobs
from audio_upscaler.dependencies import CurrentServices, CurrentSession
from audio_upscaler.models import Job, JobStatus
from audio_upscaler.resampling import InvalidAudio, check_target, decode

logger = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", tags=["upscaling"])


class JobView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: JobStatus
    target_rate: int
    attempts: int
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@router.post("/upscale", status_code=202, response_model=JobView)
def create_job(
    services: CurrentServices,
    session: CurrentSession,
    file: UploadFile,
    target_rate: Annotated[int, Form()] = 48_000,
) -> Job:
    limit = services.settings.max_upload_bytes
    source = file.file.read(limit + 1)
    if len(source) > limit:
        raise HTTPException(413, f"the recording is larger than {limit} bytes")
    try:
        check_target(decode(source), target_rate)
    except InvalidAudio as error:
        raise HTTPException(422, str(error)) from error

    job = jobs.create(session, source, target_rate)
    session.commit()
    try:
        services.queue.put(job.id)
    except RedisError:
        # The job is stored: a worker's recovery sweep finds it once Redis is back.
        logger.warning("job not queued", exc_info=True, extra={"context": {"job": job.id}})
    return job


@router.get("/jobs/{job_id}", response_model=JobView)
def get_job(session: CurrentSession, job_id: UUID) -> Job:
    return _find(session, job_id)


@router.get("/jobs/{job_id}/result", responses={200: {"content": {"audio/wav": {}}}})
def get_result(session: CurrentSession, job_id: UUID) -> Response:
    job = _find(session, job_id)
    if job.result is None:
        raise HTTPException(409, f"the job is {job.status}")
    return Response(job.result, media_type="audio/wav")


def _find(session: CurrentSession, job_id: UUID) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise HTTPException(404, "no such job")
    return job
