import { requirePackages } from "../../dagger/kit/debian/packages.js"

/** Another browser of its kind may be named; Debian's is installed where it is missing. */
export const CHROMIUM = process.env["SLIPWAY_CHROMIUM"] ?? "/usr/bin/chromium"

/** Runs once, before the tests of this folder. */
export async function setup(): Promise<void> {
  if (process.env["SLIPWAY_CHROMIUM"] === undefined) await requirePackages(["chromium"])
}
