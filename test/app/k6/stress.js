import { sleep } from "k6";

import { upscale } from "./upscale.js";

/** Up to 400 users, to find where the service breaks: no threshold, because a break is a finding. */
export const options = {
  stages: [
    { duration: "2m", target: 100 },
    { duration: "2m", target: 200 },
    { duration: "2m", target: 300 },
    { duration: "2m", target: 400 },
    { duration: "3m", target: 400 },
    { duration: "1m", target: 0 },
  ],
};

export default function () {
  upscale();
  sleep(1);
}
