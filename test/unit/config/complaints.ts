/** Problems of values that break a rule on several keys. */

export function web(place: string, value: string): string {
  return `${place}: expected an http or https URL such as "https://pypi.example.com/simple", received "${value}"`
}

export function printable(place: string, value: string): string {
  return `${place}: expected a text on one line, not empty, without control characters, received "${value}"`
}

export function inside(place: string, value: string): string {
  return `${place}: expected a path that stays inside the service's folder, without "..", received "${value}"`
}
