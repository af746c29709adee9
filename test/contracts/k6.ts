/**
 * What Slipway relies on of k6, versions 1 and 2.
 *
 * Sources: "docs" is https://grafana.com/docs/k6/ at a version, "k6" the repository grafana/k6 at a version.
 */
import { K6_COMMANDS } from "./k6Commands.js"
import { K6_EXITS } from "./k6Exits.js"
import { K6_OUTPUTS } from "./k6Outputs.js"
import { K6_SAMPLES } from "./k6Samples.js"
import type { K6Fact } from "./k6Runs.js"

export const K6_FACTS: readonly K6Fact[] = [...K6_COMMANDS, ...K6_EXITS, ...K6_SAMPLES, ...K6_OUTPUTS]
