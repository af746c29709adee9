import type { Container } from "@dagger.io/dagger"
import { shellQuote } from "../lib/text/shellQuote.js"

/**
 * Prepares a container for inspection: its shell prints the stage's command, and `again` runs it.
 *
 * @param more Further hints, one per line.
 */
export const inspectable = (
  container: Container,
  command: readonly string[],
  more: readonly string[] = [],
): Container =>
  greeting(
    container.withNewFile("/usr/local/bin/again", `#!/bin/sh\nset -x\n${shellQuote(command)} "$@"\n`, {
      permissions: 0o755,
    }),
    ["What this stage runs, and `again` repeats:", shellQuote(command), ...more],
  )

const GREETING = "/usr/local/share/slipway-greeting"

/** Prepares a container whose shell begins with these lines. */
export const greeting = (container: Container, lines: readonly string[]): Container =>
  container
    .withNewFile(GREETING, lines.map((line) => `${line}\n`).join(""))
    .withDefaultTerminalCmd([
      "sh",
      "-c",
      `cat ${GREETING}; command -v bash > /dev/null && exec bash || exec sh`,
    ])
