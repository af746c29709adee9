import { $ } from "zx"

/** Runs a command that reads nothing and prints nothing; what it wrote is in its result or its error. */
export const run = $({ quiet: true, stdio: ["ignore", "pipe", "pipe"] })
