/** Hides the values of Secrets in messages of a cluster. */
import { scrub } from "../secrets/scrub.js"

/** Returns a function that hides every value of a sent Secret: its `data`, also decoded, and its `stringData`. */
export function secretsOf(sent: unknown): ((text: string) => string) | undefined {
  if (typeof sent !== "object" || sent === null) return undefined
  const { data, stringData } = sent as { data?: unknown; stringData?: unknown }
  const encoded = "kind" in sent && sent.kind !== "Secret" ? [] : texts(data)
  const decoded = encoded.map((each) => Buffer.from(each, "base64").toString())
  const values = [...encoded, ...decoded, ...texts(stringData)].filter((value) => value.length > 3)
  return values.length === 0 ? undefined : (text) => scrub(text, values)
}

const texts = (values: unknown): string[] =>
  typeof values === "object" && values !== null
    ? Object.values(values).filter((value): value is string => typeof value === "string")
    : []
