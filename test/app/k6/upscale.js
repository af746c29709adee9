import { check } from "k6";
import http from "k6/http";

const BASE_URL = __ENV.BASE_URL || "http://localhost:8000";
const WAV = recording(8000, 0.25);

/** What one user does: upload a recording, then look at its job. */
export function upscale() {
  const uploaded = http.post(`${BASE_URL}/v1/upscale`, {
    file: http.file(WAV, "tone.wav", "audio/wav"),
    target_rate: "48000",
  });
  if (!check(uploaded, { "upload accepted": (response) => response.status === 202 })) {
    return;
  }
  const job = http.get(`${BASE_URL}/v1/jobs/${uploaded.json("id")}`, {
    tags: { name: "/v1/jobs/{id}" },
  });
  check(job, { "job found": (response) => response.status === 200 });
}

/** A 440 Hz tone as a 16-bit mono WAV file. */
function recording(rate, seconds) {
  const frames = Math.round(rate * seconds);
  const view = new DataView(new ArrayBuffer(44 + frames * 2));
  const text = (offset, value) =>
    [...value].forEach((letter, index) => view.setUint8(offset + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + frames * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // size of the format chunk
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a frame
  view.setUint16(34, 16, true); // bits a sample
  text(36, "data");
  view.setUint32(40, frames * 2, true);
  for (let frame = 0; frame < frames; frame++) {
    const sample = Math.sin((2 * Math.PI * 440 * frame) / rate) * 0.5;
    view.setInt16(44 + frame * 2, Math.round(sample * 32767), true);
  }
  return view.buffer;
}
