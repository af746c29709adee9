import { Argument, type Command } from "commander"
import { oneOf } from "../options/choices.js"
import { type CommandNode, nodesOf, shownOptions, treeOf } from "../options/commandTree.js"

export const SHELLS = ["bash", "zsh", "fish"] as const

type Shell = (typeof SHELLS)[number]

/** Adds the command that prints a shell completion script for all commands added before it. */
export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a shell script that completes commands, options and values")
    .addArgument(oneOf(new Argument("<shell>", "shell to print the script for"), SHELLS, "UNKNOWN_SHELL"))
    .action((shell: Shell) => {
      process.stdout.write(completion(program, shell))
    })
}

/** Generates a completion script. It is self-contained, since calling `slipway` at each key press would be slow. */
export function completion(program: Command, shell: Shell): string {
  const nodes = nodesOf(treeOf(program))
  return { bash, zsh, fish }[shell](nodes)
}

/** Possible values of an option or an argument. */
interface Values {
  /** The command's path and the option, or the path alone for an argument. */
  after: string
  choices: readonly string[]
  folders: boolean
}

/** The values of each option that takes one; without choices, the shell completes files. */
const valuesOf = (node: CommandNode): Values[] =>
  shownOptions(node)
    .filter((option) => option.required || option.optional)
    .map(({ long, flags, argChoices }) => ({
      after: `${node.path} ${long ?? ""}`.trim(),
      choices: argChoices ?? [],
      folders: /<folder/.test(flags),
    }))

/** The next possible words: subcommands, argument values and options. */
function wordsOf(node: CommandNode): { word: string; says: string }[] {
  const choices = node.command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  return [
    ...node.children.map(({ command, description }) => ({ word: command.name(), says: description })),
    ...choices.map((word) => ({ word, says: "" })),
    ...shownOptions(node).map(({ long, description }) => ({ word: long ?? "", says: description })),
    { word: "--help", says: "display help for command" },
  ]
}

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The case patterns, for bash and zsh, that match a command's path. */
const pathCases = (nodes: readonly CommandNode[]): string =>
  nodes
    .filter(({ path }) => path !== "")
    .map(({ path }) => single(` ${path}`))
    .join(" | ")

const HEAD = "# Completes slipway; printed by `slipway completion`."

function bash(nodes: readonly CommandNode[]): string {
  const values = nodes.flatMap(valuesOf).map(({ after, choices, folders }) => {
    const found = folders
      ? 'compopt -o dirnames; COMPREPLY=($(compgen -d -- "$cur"))'
      : choices.length > 0
        ? `COMPREPLY=($(compgen -W ${single(choices.join(" "))} -- "$cur"))`
        : ":"
    return `    ${single(after)}) ${found}; return ;;`
  })
  const words = nodes.map(
    (node) =>
      `    ${single(node.path)}) words=${single(
        wordsOf(node)
          .map(({ word }) => word)
          .join(" "),
      )} ;;`,
  )
  return `${HEAD}
_slipway() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= words= i
  local prev=\${COMP_WORDS[COMP_CWORD - 1]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
    ${pathCases(nodes)}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  path=\${path# }
  COMPREPLY=()
  case "\${path:+$path }$prev" in
${values.join("\n")}
  esac
  case "$path" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _slipway slipway
`
}

function zsh(nodes: readonly CommandNode[]): string {
  const values = nodes.flatMap(valuesOf).map(({ after, choices, folders }) => {
    const found = folders
      ? "_path_files -/"
      : choices.length > 0
        ? `compadd -- ${choices.map(single).join(" ")}`
        : "_files"
    return `    ${single(after)}) ${found}; return ;;`
  })
  const entry = ({ word, says }: { word: string; says: string }) =>
    single(`${word.replaceAll(":", "\\:")}${says === "" ? "" : `:${says}`}`)
  const words = nodes.map(
    (node) => `    ${single(node.path)}) found=(${wordsOf(node).map(entry).join(" ")}) ;;`,
  )
  return `#compdef slipway
${HEAD}
_slipway() {
  local at= word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
    ${pathCases(nodes)}) at="$at $word" ;;
    esac
  done
  at=\${at# }
  case "\${at:+$at }\${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  case "$at" in
${words.join("\n")}
  esac
  _describe slipway found || _files
}
compdef _slipway slipway
`
}

function fish(nodes: readonly CommandNode[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`
  const lines = nodes.flatMap((node) => {
    const at = `complete -c slipway -n ${quoted(`__slipway_at ${quoted(node.path)}`)}`
    const choices = node.command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
    return [
      ...node.children.map(
        ({ command, description }) => `${at} -f -a ${command.name()} -d ${quoted(description)}`,
      ),
      ...(choices.length > 0 ? [`${at} -f -a ${quoted(choices.join(" "))}`] : []),
      ...shownOptions(node).map(({ long = "", description, required, flags, argChoices }) => {
        const value = /<folder/.test(flags)
          ? " -xa '(__fish_complete_directories)'"
          : argChoices
            ? ` -xa ${quoted(argChoices.join(" "))}`
            : required
              ? " -r"
              : ""
        return `${at} -l ${long.replace(/^--/, "")}${value} -d ${quoted(description)}`
      }),
    ]
  })
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => quoted(path))
  return `${HEAD}
function __slipway_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    if contains -- $next ${paths.join(" ")}
      set at $next
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}
`
}
