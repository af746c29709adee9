import { findingLine } from "../migration/exemptions.js"
import type { Proof, ProofStep } from "../migration/proof.js"
import { Setback } from "./setback.js"

/** What is known of the version before on the new schema, for whoever reads that a deployment was undone. */
export const schemaText = (previous: string, proof?: Proof): string =>
  proof?.proven
    ? `the schema stays as it was migrated, on which ${previous} was proven to work`
    : `the schema stays as it was migrated; whether ${previous} works with it was not proven`

/** Fails where it was not proven: names the steps that failed, and the statements that nothing allows. */
export function demandProof(proof: Proof, previous: string, environment: string): void {
  if (proof.proven) return
  const open = proof.statements.filter(({ exemption }) => exemption === undefined)
  const failed = proof.steps.filter(({ status }) => status === "failed")
  throw new Setback(
    `it is not proven that ${previous} works on the new schema, as ${environment} requires: ${proof.reason}; the database was not touched`,
    [...failed.map(stepLine), ...open.map(findingLine)],
  )
}

const stepLine = ({ name, reason }: ProofStep): string => `${name}: ${reason}`

/** What a proof that was had says in a log: its steps, and what is allowed by exemption. */
export const proofLines = ({ steps, statements }: Proof): string[] => [
  ...steps.map(stepLine),
  ...statements.map(
    ({ revision = "?", rule, table, exemption }) =>
      `${revision}: ${rule} ${table}, allowed by ${exemption?.owner ?? "nobody"}: ${exemption?.reason ?? ""}`,
  ),
]
