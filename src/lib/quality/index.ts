import { bandit } from "./bandit.js"
import { black } from "./black.js"
import { flake8 } from "./flake8.js"
import { isort } from "./isort.js"
import { mypy } from "./mypy.js"
import type { Tool, ToolName } from "./tool.js"

export type { Tool, ToolContext, ToolName } from "./tool.js"
export { type ConfigTexts, configuration, flake8Reads, inheritedConfiguration, READS } from "./configured.js"

/** Every quality tool, in the order in which reports list them. */
export const TOOLS: readonly Tool[] = [black, isort, flake8, mypy, bandit]

const byName: Record<ToolName, Tool> = { black, isort, flake8, mypy, bandit }

/** Returns the tool of a name. */
export const tool = (name: ToolName): Tool => byName[name]
