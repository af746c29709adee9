import { expect, test } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { alembicCommands, deployedMigration, migrationCommand } from "../../../src/lib/migration/command.js"

test.each<[string | undefined, string[], string | undefined]>([
  [undefined, ["alembic.ini", "manage.py"], "alembic upgrade head"],
  [undefined, ["manage.py"], "python manage.py migrate --noinput"],
  ["make migrate", ["alembic.ini"], "make migrate"],
  [undefined, ["app.py"], undefined],
])("migrationCommand for %j with %j", (configured, files, expected) => {
  expect(migrationCommand(configured, files)).toBe(expected)
})

test.each<[string | undefined, string | undefined, string | undefined]>([
  [undefined, undefined, "alembic upgrade head"],
  [undefined, "make migrate", "make migrate"],
  ["make deploy", "make migrate", "make deploy"],
  ["none", "make migrate", undefined],
])("deployedMigration for %j, with the tests' %j", (command, migrate, expected) => {
  const { deploy, tests } = DEFAULTS
  const config = {
    deploy: { ...deploy, migrate: { ...deploy.migrate, ...(command !== undefined && { command }) } },
    tests: { ...tests, ...(migrate !== undefined && { migrate }) },
  }
  expect(deployedMigration(config, ["alembic.ini"])).toBe(expected)
})

test.each([
  ["alembic upgrade head", "alembic upgrade 1:head --sql", "alembic downgrade 1"],
  [
    "alembic -c a.ini upgrade heads",
    "alembic -c a.ini upgrade 1:heads --sql",
    "alembic -c a.ini downgrade 1",
  ],
  [
    "python -m alembic upgrade head",
    "python -m alembic upgrade 1:head --sql",
    "python -m alembic downgrade 1",
  ],
  [
    "cd app && alembic upgrade head",
    "cd app && alembic upgrade 1:head --sql",
    "cd app && alembic downgrade 1",
  ],
])("alembicCommands for %s", (command, sql, downgrade) => {
  const commands = alembicCommands(command)
  expect([commands?.sql("1"), commands?.downgrade("1")]).toEqual([sql, downgrade])
})

test.each([
  "make migrate",
  "alembic current",
  "alembic upgrade",
  "alembic upgrade head && touch done",
  "python manage.py migrate",
])("alembicCommands returns undefined for %s", (command) => {
  expect(alembicCommands(command)).toBeUndefined()
})
