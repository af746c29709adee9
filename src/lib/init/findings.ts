import { someOf } from "../text/words.js"

/** A value as `slipway.yaml` has it; null for a known service without settings of its own. */
export type SettingValue =
  | string
  | number
  | null
  | readonly string[]
  | Readonly<Record<string, string | Readonly<Record<string, string>>>>

/** A setting that differs from its default, because a file says so. */
export interface InitSetting {
  key: readonly string[]
  value: SettingValue
  /** The file, with its line, and what it says. */
  reason: string
}

/** A setting that only a person can choose. */
export interface InitQuestion {
  /** The setting's name, such as `tests.services`. */
  key: string
  text: string
}

/** What was found out about a service. */
export interface InitFindings {
  settings: readonly InitSetting[]
  questions: readonly InitQuestion[]
}

export const NOTHING: InitFindings = { settings: [], questions: [] }

/** A question alone. */
export const asking = (key: string, text: string): InitFindings => ({
  settings: [],
  questions: [{ key, text }],
})

/** Joins findings, in this order. */
export const joinFindings = (all: readonly InitFindings[]): InitFindings => ({
  settings: all.flatMap(({ settings }) => settings),
  questions: all.flatMap(({ questions }) => questions),
})

/** A text at its place in a file. */
export interface PlacedText {
  text: string
  file: string
  /** Counted from 1. */
  line: number
}

/** A place as editors and terminals know it. */
export const placeText = ({ file, line }: Pick<PlacedText, "file" | "line">): string => `${file}:${line}`

/** Places, each once; the first ones of many. */
export const placeTexts = (places: readonly Pick<PlacedText, "file" | "line">[]): string =>
  someOf([...new Set(places.map(placeText))], 3)

/** The first line of a text with this word, counted from 1; 0 if none has it. */
export const lineWith = (text: string, word: string): number =>
  text.split("\n").findIndex((line) => line.includes(word)) + 1

/** The settings of one answer, or a question if there are several. */
export const oneAnswer = (
  key: readonly string[],
  found: readonly { value: SettingValue; reason: string }[],
): InitFindings => {
  const values = new Map(
    found.map((each) => [JSON.stringify(each.value), each]).reverse() as [string, (typeof found)[number]][],
  )
  const [only, ...others] = [...values.values()].reverse()
  if (only === undefined) return NOTHING
  if (others.length === 0) return { settings: [{ key, ...only }], questions: [] }
  const named = [only, ...others].map(({ value, reason }) => `${valueText(value)} (${reason})`)
  return asking(key.join("."), `which? ${named.join("; ")}`)
}

/** A value in a message. */
export const valueText = (value: SettingValue): string =>
  typeof value === "string" ? value : JSON.stringify(value)
