/** Quotes a command for a POSIX shell. */
export const shellQuote = (command: readonly string[]): string =>
  command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ")

/** Splits a command that `shellQuote` wrote into its words. */
export const shellWords = (text: string): string[] =>
  Array.from(text.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g), ([word]) =>
    word.replace(/'([^']*)'|\\(.)/g, "$1$2"),
  )
