/**
 * What Slipway relies on of InfluxDB, which `load.influxdb` names and k6's output writes to; k6's side is in k6Outputs.ts.
 *
 * Sources: "influxdb" is influxdata/influxdb at 2.7.11, "docs" https://docs.influxdata.com/influxdb/.
 */
import type { Fact } from "./contract.js"

const WRITE = "influxdb, http/legacy/write_handler.go"
const LOGIN = "influxdb, v1/authorization/authorizer.go"
const READ = "influxdb 2.7.11"
const SEND = "curl -i $INFLUX/write?db=load --data-binary 'a value=1'"

export const INFLUXDB_FACTS: readonly Fact[] = [
  {
    id: "write",
    fact: "POST /write?db=DATABASE&rp=POLICY takes the line protocol, and answers 204; so do InfluxDB 1 and 2.",
    sources: [WRITE, "docs, v2/api-guide/influxdb-1x/write"],
    read: READ,
    byHand: `${SEND} -u user:TOKEN`,
  },
  {
    id: "mapping",
    fact: "InfluxDB 2 finds the bucket by a mapping (DBRP) of database and policy, the default one without rp; a bucket without a mapping of its own is found by its name.",
    sources: [WRITE, "influxdb, dbrp/service.go: virtual mappings"],
    read: READ,
    byHand: `${SEND} -u user:TOKEN, with a bucket named load`,
  },
  {
    id: "token",
    fact: "As Basic, a token of InfluxDB 2 is the password of any user, unless an authorization of version 1 has that user's name: then the password must be that one's.",
    sources: [LOGIN],
    read: READ,
    byHand: `${SEND} -u slipway:TOKEN`,
  },
  {
    id: "unauthorized",
    fact: "A wrong token is answered with 401, unauthorized access; k6 then says that InfluxDB 2 isn't supported, which is about its own API alone.",
    sources: [LOGIN, "k6 1.3.0 and 2.2.0, internal/output/influxdb/output.go"],
    read: "influxdb 2.7.11; k6 1.3.0 and 2.2.0",
    byHand: `${SEND} -u slipway:none`,
  },
  {
    id: "permission",
    fact: "The token must be allowed to write to the bucket; what it is to read of the mapping follows from that.",
    sources: [`${WRITE}: extraPerms`],
    read: READ,
    byHand: `${SEND} with a token that reads only: 403`,
  },
  {
    id: "create",
    fact: "k6 asks for CREATE DATABASE first, and goes on if that fails, as it does with InfluxDB 2.",
    sources: ["k6 1.3.0 and 2.2.0, internal/output/influxdb/output.go: Start"],
    read: "k6 1.3.0 and 2.2.0",
    byHand: "k6 run --out=influxdb=… with a user who may write only",
  },
  {
    id: "database-name",
    fact: "k6 up to 2.2 takes the whole path for the database's name; its main branch takes what is before the last slash, decoded, for a part of the address.",
    sources: ["k6 1.3.0, 2.2.0 and 87883075c, internal/output/influxdb/config.go"],
    read: "k6 at these three",
    byHand: "k6 run --out=influxdb=http://127.0.0.1:8086/a%2Fb: db is a/b up to 2.2",
  },
]
