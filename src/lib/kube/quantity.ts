/** Amounts in Kubernetes notation: `500m`, `2`, `1.5Gi`. */

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** Parses an amount; undefined for an invalid one. */
export function quantity(text: string | undefined): number | undefined {
  const [, number, unit] =
    /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]{0,2})$/.exec(text ?? "") ?? []
  if (number === undefined || unit === undefined || !Object.hasOwn(UNITS, unit)) return undefined
  return Number(number) * (UNITS[unit] ?? 1)
}

/** Formats an amount: bytes in binary units, anything else as a number. */
export function shown(resource: string, amount: number): string {
  const bytes = /memory|storage|hugepages/.test(resource)
  if (!bytes) return String(Math.round(amount * 1_000) / 1_000)
  const unit = (["Gi", "Mi", "Ki"] as const).find((each) => Math.abs(amount) >= (UNITS[each] ?? 1))
  return unit === undefined ? String(amount) : `${Math.round((amount / (UNITS[unit] ?? 1)) * 10) / 10}${unit}`
}
