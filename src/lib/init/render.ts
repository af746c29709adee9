import { parseDocument, stringify } from "yaml"
import { spec } from "../config/config.js"
import { fields } from "../text/json.js"
import { visible } from "../text/escape.js"
import type { InitSetting, SettingValue } from "./findings.js"

const HEAD =
  "# Settings that differ from Slipway's defaults, each with its reason. Written by `slipway init`.\n"

interface Tree {
  setting?: InitSetting
  below: Map<string, Tree>
}

/**
 * The text of a `slipway.yaml` with these settings, in the order of the documentation.
 *
 * Its first line leads editors to the schema at this path from the file, if there is one.
 */
export function initText(settings: readonly InitSetting[], schema?: string): string {
  const root: Tree = { below: new Map() }
  const order = Object.keys(spec.fields)
  for (const setting of settings.toSorted(
    (a, b) => order.indexOf(a.key[0] ?? "") - order.indexOf(b.key[0] ?? ""),
  )) {
    let tree = root
    for (const name of setting.key) {
      const next = tree.below.get(name) ?? { below: new Map<string, Tree>() }
      tree.below.set(name, next)
      tree = next
    }
    tree.setting = setting
  }
  const line = schema === undefined ? "" : `# yaml-language-server: $schema=${schema}\n`
  return line + HEAD + lines(root, "").join("")
}

const lines = ({ below }: Tree, indent: string): string[] =>
  [...below].flatMap(([name, tree]) => {
    const key = `${indent}${scalar(name)}:`
    if (tree.setting === undefined) return [`${key}\n`, ...lines(tree, `${indent}  `)]
    const { value, reason } = tree.setting
    return [`${key}${value === null ? "" : ` ${flow(value)}`} # ${visible(reason)}\n`]
  })

const scalar = (text: string): string => stringify(text, { lineWidth: 0 }).trimEnd()

function flow(value: SettingValue): string {
  if (typeof value === "string") return scalar(value)
  const isList = Array.isArray(value)
  return stringify(value, { lineWidth: 0, collectionStyle: "flow", flowCollectionPadding: !isList }).trimEnd()
}

/** The settings whose keys a `slipway.yaml` doesn't have yet. */
export function settingsBeside(text: string, settings: readonly InitSetting[]): InitSetting[] {
  const written: unknown = parseDocument(text, { logLevel: "silent" }).toJS()
  return settings.filter(({ key }) => {
    let at: unknown = written
    for (const name of key) {
      // A list such as [postgres] answers for all that could be below it.
      if (Array.isArray(at)) return false
      at = fields(at)[name]
      if (at === undefined) return true
    }
    return false
  })
}
