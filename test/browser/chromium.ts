import { requirePackages } from "../../dagger/kit/debian/packages.js"

/**
 * Path of Chromium, or of the browser that `SLIPWAY_CHROMIUM` names. Debian's Chromium is installed if it is missing.
 */
export const CHROMIUM = process.env["SLIPWAY_CHROMIUM"] ?? "/usr/bin/chromium"

/** Runs once, before the tests of this folder. */
export async function setup(): Promise<void> {
  if (process.env["SLIPWAY_CHROMIUM"] === undefined) await requirePackages(["chromium"])
}
