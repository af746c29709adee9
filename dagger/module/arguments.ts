/** An argument of `dagger` that may be left out. */
export const optionalArgument = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`--${name}=${value}`]
