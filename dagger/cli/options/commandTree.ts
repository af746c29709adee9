import type { Command, Option } from "commander"

/** A command that is shown, with its name below `slipway`: `infra plan`; empty for `slipway` itself. */
export interface CommandNode {
  path: string
  description: string
  command: Command
  children: CommandNode[]
}

/** The commands that are shown, as a tree. */
export function treeOf(command: Command, path = ""): CommandNode {
  const shown = command.createHelp().visibleCommands(command)
  const children = shown
    .filter((child) => child.name() !== "help")
    .map((child) => treeOf(child, `${path} ${child.name()}`.trim()))
  return { path, description: command.description(), command, children }
}

/** Every command of a tree, from above. */
export const nodesOf = (node: CommandNode): CommandNode[] => [node, ...node.children.flatMap(nodesOf)]

/** The options that are shown, without that for help. */
export const shownOptions = ({ command }: CommandNode): Option[] =>
  command.options.filter(({ hidden }) => !hidden)
