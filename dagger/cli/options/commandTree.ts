import type { Command, Option } from "commander"

/** A visible command. Its path is its name below `slipway`, such as `infra plan`; empty for `slipway` itself. */
export interface CommandNode {
  path: string
  description: string
  command: Command
  children: CommandNode[]
}

/** Builds the tree of visible commands. */
export function treeOf(command: Command, path = ""): CommandNode {
  const shown = command.createHelp().visibleCommands(command)
  const children = shown
    .filter((child) => child.name() !== "help")
    .map((child) => treeOf(child, `${path} ${child.name()}`.trim()))
  return { path, description: command.description(), command, children }
}

/** Lists every command of a tree, parents first. */
export const nodesOf = (node: CommandNode): CommandNode[] => [node, ...node.children.flatMap(nodesOf)]

/** The visible options of a command, except `--help`. */
export const shownOptions = ({ command }: CommandNode): Option[] =>
  command.options.filter(({ hidden }) => !hidden)
