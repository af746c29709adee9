/** Tools whose own settings decide what they report. */
export type ConfiguredTool = "black" | "isort" | "flake8" | "mypy" | "bandit" | "pytest" | "coverage"

/** How a tool's own setting decides what it reports. */
export type ToolRule =
  /** More entries report less. */
  | "ignores"
  /** Only these are checked: fewer report less, and having any too. */
  | "restricts"
  /** Checks beyond the default: fewer report less. */
  | "adds"
  /** True reports more. */
  | "strict"
  /** True reports less. */
  | "loose"
  /** A maximum: more reports less. */
  | "most"
  /** It can't be compared: any change counts. */
  | "fixed"
  /** It says how, not what. */
  | "free"

interface ToolRules {
  /** What the settings that aren't listed are. */
  others: ToolRule
  /** True if having settings at all replaces Slipway's defaults for what is checked. */
  replaces: boolean
  rules: Partial<Record<ToolRule, readonly RegExp[]>>
}

const RULES: Record<ConfiguredTool, ToolRules> = {
  black: { others: "free", replaces: false, rules: { ignores: [/exclude$/], restricts: [/^include$/] } },
  isort: {
    others: "free",
    replaces: false,
    rules: {
      ignores: [/^(extend_)?skip(_glob)?$/],
      loose: [/^skip_gitignore$/],
      restricts: [/^(only_)?sections$/],
    },
  },
  flake8: {
    others: "fixed",
    replaces: true,
    rules: {
      ignores: [/^(extend_)?(ignore|exclude)$/, /^per_file_ignores$/],
      restricts: [/^select$/, /^filename$/],
      adds: [/^extend_select$/, /^enable_extensions$/],
      most: [/^max_/],
      free: [/^(show_source|statistics|count|format|jobs|benchmark|verbose|color|quiet|tee|output_file)$/],
    },
  },
  mypy: {
    others: "fixed",
    replaces: true,
    rules: {
      ignores: [/^exclude$/, /^disable_error_code$/],
      restricts: [/^(files|packages|modules)$/],
      adds: [/^enable_error_code$/],
      strict: [/^strict/, /^disallow_/, /^warn_/, /^check_untyped_defs$/, /^no_implicit_/, /^extra_checks$/],
      loose: [/^ignore_/, /^allow_/, /^implicit_/, /^skip_/, /^exclude_gitignore$/],
      free: [
        /^(show_|hide_|pretty$|color_|error_summary|cache_|sqlite_|incremental|python_version$|mypy_path$|verbosity)/,
        /^(explicit_package_bases|namespace_packages|raise_exceptions|local_partial_types)$/,
      ],
    },
  },
  bandit: {
    others: "fixed",
    replaces: true,
    rules: { ignores: [/^skips$/, /^exclude(_dirs)?$/], restricts: [/^tests$/, /^(targets|include)$/] },
  },
  pytest: {
    others: "fixed",
    replaces: false,
    rules: {
      ignores: [/^norecursedirs$/],
      restricts: [/^testpaths$/, /^python_(files|classes|functions)$/],
      strict: [/^xfail_strict$/, /^strict/],
      free: [
        /^(log_|junit_|asyncio_|cache_dir|console_|markers$|minversion|pythonpath|env$|tmp_path_|verbosity)/,
      ],
    },
  },
  coverage: {
    others: "fixed",
    replaces: true,
    rules: {
      ignores: [/\.omit$/, /^report\.(exclude|partial)_/],
      restricts: [/^run\.source(_pkgs|_dirs)?$/, /\.include$/],
      strict: [/^run\.branch$/],
      loose: [/^report\.ignore_errors$/],
      // The gate is Slipway's own: coverage.py is called with a minimum of nothing.
      free: [
        /^(html|xml|json|lcov|paths)\./,
        /^report\.(fail_under|precision|show_|skip_|sort|format)/,
      ].concat(
        /^run\.(parallel|relative_files|data_|concurrency|sigterm|debug|context|dynamic_context|core|patch)/,
      ),
    },
  },
}

/** Returns the rule of a tool's setting, by its name without that of the tool: `exclude`, `run.omit`. */
export function toolRule(tool: ConfiguredTool, setting: string): ToolRule {
  const { rules, others } = RULES[tool]
  const name = setting.replaceAll("-", "_")
  const found = Object.entries(rules).find(([, patterns]) => patterns.some((pattern) => pattern.test(name)))
  return found === undefined ? others : (found[0] as ToolRule)
}

/** True if settings of a tool's own replace Slipway's defaults for what it checks. */
export const replacesDefaults = (tool: ConfiguredTool): boolean => RULES[tool].replaces
