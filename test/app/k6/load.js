import { sleep } from "k6";

import { upscale } from "./upscale.js";

/** Everyday traffic: 10 users, then 20, for 12 minutes. */
export const options = {
  stages: [
    { duration: "1m", target: 10 },
    { duration: "5m", target: 10 },
    { duration: "1m", target: 20 },
    { duration: "4m", target: 20 },
    { duration: "1m", target: 0 },
  ],
  thresholds: {
    http_req_duration: ["p(95)<2000"],
    http_req_failed: ["rate<0.10"],
  },
};

export default function () {
  upscale();
  sleep(1);
}
