import type { Command, Option } from "commander"

/** A command that is shown, with its name below `slipway`: `infra plan`; empty for `slipway` itself. */
export interface Node {
  path: string
  description: string
  command: Command
  children: Node[]
}

/** The commands that are shown, as a tree. */
export function treeOf(command: Command, path = ""): Node {
  const shown = command.createHelp().visibleCommands(command)
  const children = shown
    .filter((child) => child.name() !== "help")
    .map((child) => treeOf(child, `${path} ${child.name()}`.trim()))
  return { path, description: command.description(), command, children }
}

/** Every command of a tree, from above. */
export const nodesOf = (node: Node): Node[] => [node, ...node.children.flatMap(nodesOf)]

/** The options that are shown, without that for help. */
export const optionsOf = ({ command }: Node): Option[] => command.options.filter(({ hidden }) => !hidden)
