import type { Config } from "../config/config.js"
import type { PytestSettings } from "./settings.js"

/** What runs a service's tests: pytest, Django's `manage.py test`, or unittest. */
export type Runner = { name: "pytest" } | { name: "unittest" } | { name: "django"; manage: string }

/** Names of runners in messages, as their users know them. */
export const RUNNER_NAMES = { pytest: "pytest", django: "manage.py test", unittest: "unittest" } as const

/** What a service's files and packages say about its tests. */
export interface RunnerClues {
  /** `tests.runner` of `slipway.yaml`. */
  configured?: Config["tests"]["runner"]
  settings: PytestSettings
  /** True if the service itself depends on a package. */
  dependsOn: (name: string) => boolean
  /** Texts of files named `manage.py`, by path. */
  manage: Readonly<Record<string, string>>
  /** True if there is a `conftest.py`. */
  conftest: boolean
  /** Texts of files that unittest takes for tests by their names, and pytest doesn't. */
  unittestFiles: readonly string[]
  /** Searches the files of tests for a pattern of `grep -E`. */
  code: (pattern: string) => Promise<boolean>
}

/** Path of Django's `manage.py`, the nearest to the root; undefined if there is none. */
export const djangoManage = (manage: Readonly<Record<string, string>>): string | undefined =>
  Object.keys(manage)
    .filter((path) => /django/i.test(manage[path] ?? ""))
    .sort((a, b) => a.split("/").length - b.split("/").length || (a < b ? -1 : 1))[0]

/** Files of tests, by the names that pytest and unittest look for. */
export const TEST_FILES = ["**/test*.py", "**/*_test.py", "**/test/**/*.py", "**/tests/**/*.py"]

/** True for a name that unittest takes for tests, and pytest doesn't. */
export const onlyUnittestFinds = (path: string): boolean => /(?:^|\/)test(?!_)[^/]*(?<!_test)\.py$/.test(path)

/** Code that only pytest runs: imports of it, and tests that are functions; `test_suite` is one of unittest's. */
const PYTEST_CODE = "^ *(import|from) pytest|^(async )?def test_([^s]|s[^u]|su[^i])"

/** Code of unittest that pytest doesn't run: suites that a module puts together itself. */
const UNITTEST_CODE = "^def load_tests\\("

/**
 * Chooses what runs the tests.
 *
 * Django's runner if there is a `manage.py` and no sign of pytest; unittest's if there is no sign of pytest, and tests
 * that pytest wouldn't run; else pytest, which runs cases of unittest too.
 */
export async function chooseRunner(clues: RunnerClues): Promise<Runner> {
  const { configured, settings, dependsOn, conftest, code } = clues
  const manage = djangoManage(clues.manage)
  if (configured === "django") return { name: "django", manage: manage ?? "manage.py" }
  if (configured !== undefined) return { name: configured }
  // A Django service whose pytest has no plugin for Django runs its tests otherwise.
  const depends = dependsOn(manage === undefined ? "pytest" : "pytest-django")
  if (settings.file !== undefined || depends || conftest || (await code(PYTEST_CODE)))
    return { name: "pytest" }
  if (manage !== undefined) return { name: "django", manage }
  const more = clues.unittestFiles.some((text) => /\bunittest\b/.test(text) && /\bdef test/.test(text))
  return { name: more || (await code(UNITTEST_CODE)) ? "unittest" : "pytest" }
}
