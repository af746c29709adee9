/**
 * What Slipway relies on of Grafana's API of annotations.
 *
 * Sources: "docs" is https://grafana.com/docs/grafana/v13.1/developers/http_api/annotations/, "grafana" the repository
 * grafana/grafana at 12.4.
 */
import { type Answered, last, type ServiceFact, statuses } from "./serviceRuns.js"

const API = "/api/annotations"
const MAIN = "docs"

/** Tags of a check's own, so that it finds what it made. */
const TAG = "slipway-contract"
const annotation = (more: object = {}) => ({
  path: API,
  json: {
    time: 1_700_000_000_000,
    timeEnd: 1_700_000_000_000,
    tags: [TAG, "run:1"],
    text: "a check",
    ...more,
  },
})
const one = { method: "PATCH", path: `${API}/{id}` } as const
const found = (query: string) => ({ method: "GET", path: `${API}?type=annotation&limit=5&${query}` }) as const
const list = (answer: Answered) => answer.json as unknown as { tags: string[]; timeEnd: number }[]

export const GRAFANA_FACTS: readonly ServiceFact[] = [
  {
    id: "create",
    fact: "POST /api/annotations answers 200 with the new one's id; time and timeEnd are milliseconds.",
    sources: [MAIN],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    check: {
      run: [annotation()],
      found: (answers) => [last(answers).status, typeof last(answers).json["id"]],
      equals: [200, "number"],
    },
  },
  {
    id: "text",
    fact: "Without text it answers 400.",
    sources: [MAIN, "grafana, pkg/api/annotations.go"],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    check: { run: [annotation({ text: "" })], found: statuses, equals: [400] },
  },
  {
    id: "patch",
    fact: "PATCH /api/annotations/ID changes the given fields alone, and answers 200.",
    sources: [MAIN],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    check: {
      run: [
        annotation({ tags: [TAG, "patch:1"] }),
        { ...one, json: { timeEnd: 1_700_000_060_000 } },
        found(`tags=${TAG}&tags=patch:1`),
      ],
      found: (answers) => [
        ...statuses(answers),
        list(last(answers))[0]?.timeEnd,
        list(last(answers))[0]?.tags,
      ],
      equals: [200, 200, 200, 1_700_000_060_000, [TAG, "patch:1"]],
    },
  },
  {
    id: "find",
    fact: "GET with several tags finds the annotations that have all of them; limit bounds them.",
    sources: [MAIN],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    check: {
      run: [
        annotation({ tags: [TAG, "find:1"] }),
        found(`tags=${TAG}&tags=find:1`),
        found(`tags=${TAG}&tags=none:1`),
      ],
      found: ([, some = last([]), none = last([])]) => [list(some).length > 0, list(none).length],
      equals: [true, 0],
    },
  },
  {
    id: "token",
    fact: "A service account's token is sent as Bearer; an unknown one is answered with 401 and a message.",
    sources: [
      "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
      "https://grafana.com/docs/grafana/v13.1/developer-resources/api-reference/http-api/authentication/",
      MAIN,
    ],
    read: "the page on authentication of 12.2 in December 2026: the header, not the 401",
    check: {
      run: [{ ...found(`tags=${TAG}`), token: "glsa_unknown" }],
      found: (answers) => [last(answers).status, typeof last(answers).json["message"]],
      equals: [401, "string"],
    },
  },
  {
    id: "permissions",
    fact: "It needs annotations:create, annotations:write and annotations:read; without them it answers 403.",
    sources: [
      MAIN,
      "https://grafana.com/docs/grafana/latest/administration/roles-and-permissions/access-control/",
    ],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    check: { run: [{ ...annotation(), token: "{viewer}" }], found: statuses, equals: [403] },
  },
  {
    id: "tag-length",
    fact: "A tag has at most 100 characters: the database's column, which not every database enforces.",
    sources: ["grafana, pkg/services/sqlstore/migrations/tag_mig.go"],
    read: "grafana at 0524cbafcf, tag_mig.go",
    byHand: "create an annotation with a longer tag, in a Grafana with MySQL",
  },
  {
    id: "tags-length",
    fact: "All tags together, as JSON, have at most 500 bytes by default (annotations.tags_length); more is answered with 400.",
    sources: [
      "grafana, pkg/services/annotations/annotationsimpl/xorm_store.go: validateTagsLength",
      "grafana, pkg/services/annotations/annotations.go: ErrBaseTagLimitExceeded",
      "https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/: tags_length",
    ],
    read: "in December 2026",
    check: {
      run: [annotation({ tags: Array.from({ length: 6 }, (_, index) => `${index}${"a".repeat(90)}`) })],
      found: (answers) => [last(answers).status, /tags length/i.test(last(answers).text)],
      equals: [400, true],
    },
  },
  {
    id: "dashboard",
    fact: "dashboardUID ties an annotation to a dashboard; without it, any dashboard of the organization may show it by its tags.",
    sources: [MAIN],
    read: "grafana at 00f489dbba, docs/sources/developers/http_api/annotations.md",
    byHand: "an annotation with the uid of a dashboard is shown there alone",
  },
  {
    id: "html",
    fact: "A dashboard shows the text as HTML, with what is dangerous taken out.",
    sources: ["https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/annotate-visualizations/"],
    byHand: "an annotation with <b>: it is shown bold",
  },
  {
    id: "deprecated",
    fact: "Grafana 13 keeps /api/annotations beside /apis, and doesn't extend it any more.",
    sources: [
      MAIN,
      "https://grafana.com/whats-next/2026-10-29-deprecation-notice-for-the-legacy-annotations-api/",
    ],
    read: "the notice of 2026-10-29 in December 2026",
    byHand: "ask a Grafana 13 for /api/annotations",
  },
]
