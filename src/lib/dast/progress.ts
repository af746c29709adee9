/** Progress that ZAP reported. Its exit code is unreliable: it is 2 for warnings (zaproxy#8875). */
export interface Progress {
  /** Number of URLs that the jobs found or added; undefined if none was reported. */
  urls: number | undefined
  /** Its errors, one per line. */
  failures: string[]
}

/** ZAP writes numbers as the language of its machine does: 1,234. */
const URLS = /^Job \S+ (?:found|added) (\d[\d.,'’\u00a0\u202f]*) URLs\b/gm
const FAILURES = "Automation plan failures:"

/** Parses the output of the automation framework. */
export function readProgress(output: string): Progress {
  const counts = [...output.matchAll(URLS)].map(([, number = ""]) => Number(number.replace(/\D/g, "")))
  const lines = output.split(/\r?\n/)
  const title = lines.findIndex((line) => line.trim() === FAILURES)
  const after = title < 0 ? [] : lines.slice(title + 1)
  const end = after.findIndex((line) => !line.startsWith("\t"))
  return {
    urls: counts.length === 0 ? undefined : counts.reduce((sum, each) => sum + each, 0),
    failures: after.slice(0, end < 0 ? undefined : end).map((line) => line.trim()),
  }
}
