import { defineConfig } from "vitest/config"

/** Tests that look at the host, or at what an interruption leaves: beside others they would see theirs. */
const HOST = ["kit", "lifecycle", "faults"].map(file)

/** Tests on the cluster, which wait for rollouts and intervals more than they compute. */
const CLUSTER = [
  "canary",
  "cleanup",
  "cluster",
  "command",
  "dast",
  "deploy",
  "loadtest",
  "metrics",
  "migration",
  "notify",
  "stories",
].map(file)

function file(name: string): string {
  return `test/engine/${name}.test.ts`
}

/** Time limits of tests on the engine, beside which other tests run. */
const ENGINE = { testTimeout: 300_000, hookTimeout: 900_000 }

export default defineConfig({
  test: {
    // Engine tests share two cores and one engine: `slipway test` runs two projects of them side by side, no more.
    fileParallelism: false,
    // Unit tests share one worker: a module is loaded once, not once for each of their files.
    poolOptions: { threads: { isolate: false } },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          pool: "threads",
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          unstubGlobals: true,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/browser/chromium.ts",
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          exclude: [...HOST, ...CLUSTER],
          ...ENGINE,
        },
      },
      { test: { name: "cluster", include: CLUSTER, ...ENGINE } },
      { test: { name: "host", include: HOST, ...ENGINE } },
    ],
  },
})
