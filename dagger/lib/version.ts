/** True if a version such as `v0.21.8` or `20.10.0` is at least another. */
export function atLeast(version: string, least: string): boolean {
  const parts = (text: string) =>
    text
      .replace(/^v/, "")
      .split(".")
      .map((part) => Number.parseInt(part, 10))
  const [a, b] = [parts(version), parts(least)]
  const differing = b.findIndex((part, i) => part !== a[i])
  return differing < 0 || (a[differing] ?? 0) > (b[differing] ?? 0)
}
