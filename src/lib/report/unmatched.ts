import type { RecordedFinding, StageRecord } from "../run/record.js"

/** How often the other run has a fingerprint, and where. */
interface Places {
  lines: (number | undefined)[]
  /** Suppressed or known to the baseline in the other run alone. */
  hidden: number
}

/**
 * Findings of one run that the other run lacks, be it open, suppressed or known to the baseline.
 *
 * Equal ones in a file are counted, and those that stayed on their lines are taken for the same.
 */
export function unmatched(one: StageRecord, other: StageRecord): RecordedFinding[] {
  const places = placesIn(other, one)
  const moved = (one.findings ?? []).filter(({ fingerprint, line }) => {
    const lines = places.get(fingerprint)?.lines ?? []
    const at = lines.indexOf(line)
    if (at >= 0) lines.splice(at, 1)
    return at < 0
  })
  return moved.filter(({ fingerprint }) => {
    const place = places.get(fingerprint)
    if (place === undefined) return true
    if (place.lines.length > 0) place.lines.pop()
    else if (place.hidden > 0) place.hidden -= 1
    else return true
    return false
  })
}

function placesIn({ findings = [], hidden = [] }: StageRecord, { hidden: own = [] }: StageRecord) {
  const places = new Map<string, Places>()
  const at = (fingerprint: string): Places => {
    const place = places.get(fingerprint) ?? { lines: [], hidden: 0 }
    places.set(fingerprint, place)
    return place
  }
  for (const { fingerprint, line } of findings) at(fingerprint).lines.push(line)
  for (const fingerprint of hidden) at(fingerprint).hidden += 1
  for (const fingerprint of own) at(fingerprint).hidden -= 1
  return places
}
