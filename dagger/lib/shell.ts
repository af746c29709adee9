import { $ } from "zx"

/** Runs a command without input and terminal output; its output is in the result or the error. */
export const run = $({ quiet: true, stdio: ["ignore", "pipe", "pipe"] })
