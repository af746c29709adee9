/** Parses JSON; undefined for an invalid text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** True for an object that is no array. */
export const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Fields of an object; none for anything else. */
export const fields = (value: unknown): Record<string, unknown> => (isFields(value) ? value : {})

/** Returns an object without some of its fields. */
export const without = <T extends object, K extends keyof T>(object: T, ...keys: readonly K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.some((other) => other === key))) as Omit<
    T,
    K
  >

/** Items of an array, each as its fields; none for anything else. */
export const objects = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(fields) : []

/** Items of an array, each as a string; none for anything else. */
export const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : [])

/** The value if it is a string, else an empty one. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "")

/** A value as the text of a file, or of an output, that people read as well. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
