/** Version that a tool's own answer names first, without a `v`; `unknown` if it names none. */
export const versionIn = (answer: string): string =>
  /(?<![\w.])v?(\d+\.\d+(?:[.+-][\w.+-]*)?)/.exec(answer)?.[1] ?? "unknown"
