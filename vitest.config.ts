import { defineConfig } from "vitest/config"

/** Engine tests that measure times, or end an engine or the cluster: beside others they would fail by chance. */
const ALONE = ["cleanup", "cluster", "command", "deploy", "lifecycle", "loadtest", "notify"].map(
  (name) => `test/engine/${name}.test.ts`,
)

/** Networks and registries fail at times: a test is repeated once, and `npm test` names those that passed only then. */
const ENGINE = { testTimeout: 300_000, hookTimeout: 900_000, retry: 1 }

export default defineConfig({
  test: {
    // `npm test` runs two files of the engine's tests at once, as a third of their time is waiting, and of the unit tests.
    fileParallelism: false,
    // Unit tests share a worker: a module is loaded once for it, not once for each of their files.
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
      { test: { name: "engine", include: ["test/engine/**/*.test.ts"], exclude: ALONE, ...ENGINE } },
      { test: { name: "alone", include: ALONE, ...ENGINE } },
    ],
  },
})
