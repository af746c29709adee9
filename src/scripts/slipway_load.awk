# Gathers k6's samples by the second while it runs: of these there are a million in a long run. Reads k6's JSON lines
# (https://grafana.com/docs/k6/latest/results-output/real-time/json/), writes lines to the file SERIES, and says every
# ten seconds how it stands.
#
# Calls of gRPC are requests, too: they have the status that HTTP would have.
#
#   r SECOND MILLISECONDS STATUS CODE EXPECTED COUNT HOST   so many requests were answered so, to four digits; HOST is -
#                                                           where a script names a request, since that replaces its url,
#                                                           and STATUS is - where k6 gives none
#   f SECOND COUNT                                          so many of those without a status failed
#   o SECOND COUNT                                          so many sessions of WebSocket, and requests of a browser
#   v SECOND USERS                                          so many users there were
#   i SECOND COUNT                                          so often the script ran to its end
#   c SECOND PASSED FAILED                                  so many checks
#   b SECOND USERS REQUESTS FAILED SLOW                     it broke, and the test is to stop (only with STOP)
#
# STOP, "SECONDS MILLISECONDS PERCENT", ends a test that breaks the service: it writes to the file STOP_FILE after two
# intervals of so many seconds in a row in which 5 of 100 requests took as long, or so many of 100 failed, or in which
# the service hangs. src/lib/load/breaking.ts judges a finished test by the same rules.
#
# A script's own systemTags may leave out status, error_code, expected_response and url; without a response callback there
# is no expected_response. test/contracts/k6.ts has what k6 promises of its samples.
#
# Seconds are those of the day. Runs with mawk, BusyBox and GNU awk.

# A tag's value. Within a value quotes are escaped, so that none can pass for a tag.
function tag(name,    at) {
  if (!match($0, "\"" name "\":\"[^\"]*\"")) return ""
  at = length(name) + 4
  return substr($0, RSTART + at, RLENGTH - at - 1)
}

function value() {
  if (!match($0, /"value":[-+0-9.eE]+/)) return 0
  return substr($0, RSTART + 8, RLENGTH - 8) + 0
}

function second() {
  if (!match($0, /"time":"[^"]*"/)) return 0
  return substr($0, RSTART + 19, 2) * 3600 + substr($0, RSTART + 22, 2) * 60 + substr($0, RSTART + 25, 2)
}

# The status of a request by its error code, which has 1000 more than a status, and what got no answer has a code else;
# - if neither is known.
function status_of_code(code) {
  if (code >= 1400 && code < 1600) return code - 1000
  return code > 0 || tag("error") != "" ? 0 : "-"
}

# The status of HTTP for one of gRPC, as gateways translate it; 0 for a call that the service didn't answer.
function status_of_grpc(code) {
  return code in GRPC ? GRPC[code] : 500
}

# Late samples only make a second line, which is added to the first.
function flush_requests(    key, part) {
  for (key in requests) {
    split(key, part, SUBSEP)
    print "r", part[1], part[2], part[3], part[4], part[5], requests[key], part[6] > SERIES
    delete requests[key]
  }
  for (key in failed_so) { print "f", key, failed_so[key] > SERIES; delete failed_so[key] }
  for (key in others) { print "o", key, others[key] > SERIES; delete others[key] }
  for (key in iterations) { print "i", key, iterations[key] > SERIES; delete iterations[key] }
  for (key in passed) { print "c", key, passed[key], failed[key] + 0 > SERIES; delete passed[key]; delete failed[key] }
}

function progress() {
  printf "%d s: %d users, %d requests, %d failed, %d ms on average\n", now - begun, users, all, bad, answered ? took / answered : 0
  fflush()
  all = bad = answered = took = 0
}

# Judges the interval that has ended, and asks for the end of the test after two bad ones in a row.
function judge_interval(    enough, faulty) {
  enough = asked >= 20
  faulty = enough && (100 * lost >= limit[3] * asked || 100 * slow > 5 * asked)
  if (best >= 20 && most >= best_users && asked * 4 < best) faulty = 1
  if (asked > best) { best = asked; best_users = most }
  if (faulty && !row++) first = from " " most " " asked " " lost " " slow
  if (enough && !faulty) row = 0
  if (row == 2) { print "b", first > SERIES; print "broken" > STOP_FILE; close(STOP_FILE) }
  from = ""
  asked = lost = slow = most = 0
}

BEGIN {
  split(STOP, limit, " ")
  split("1 499 2 500 3 400 4 0 5 404 6 409 7 403 8 429 9 400 10 409 11 400 12 501 13 500 14 0 15 500 16 401", pairs, " ")
  GRPC[0] = 200
  for (at = 1; at in pairs; at += 2) GRPC[pairs[at]] = pairs[at + 1]
}

/"type":"Point"/ {
  name = tag("metric")
  if (name == "http_req_duration" || name == "grpc_req_duration") {
    at = second(); ms = value(); status = tag("status"); code = tag("error_code") + 0
    host = tag("url"); plain = sub(/^[a-zA-Z]+:\/\//, "", host)
    if (name == "grpc_req_duration") {
      if (status == "") { status = "-"; expected = 1 }
      else { expected = status + 0 == 0; status = status_of_grpc(status + 0) }
    } else {
      status = status == "" ? status_of_code(code) : status + 0
      expected = tag("expected_response")
      # Without a callback of its own k6 expects these.
      expected = expected == "" ? status == "-" || (status >= 200 && status < 400) : expected != "false"
      if (!plain) host = ""
    }
    sub(/[\/?#].*$/, "", host); sub(/^[^@]*@/, "", host); gsub(/[ \t]/, "", host)
    if (host == "" || host ~ /[${}]/) host = "-"
    requests[at, sprintf("%.4g", ms) + 0, status, code, expected, substr(host, 1, 255)]++
    all++; if (!expected) bad++
    asked++; if (!expected) lost++
    if (ms >= limit[2] + 0) slow++
    if (status == "-" || status > 0) { answered++; took += ms }
  } else if (name == "http_req_failed") {
    # It says of each request whether it failed, so it is asked only where the request itself doesn't.
    if (value() > 0 && tag("expected_response") tag("status") == "" && status_of_code(tag("error_code") + 0) == "-") {
      failed_so[second()]++; bad++; lost++
    }
  } else if (name == "ws_sessions" || name == "browser_http_req_duration") {
    others[second()]++
  } else if (name == "vus") {
    now = second(); users = value()
    print "v", now, users > SERIES
    if (begun == "") begun = now - 1
    if (++ticks % 10 == 0) progress()
    if (ticks % 5 == 0) flush_requests()
    if (from == "") from = now
    if (users > most) most = users
    if (STOP != "" && ticks % limit[1] == 0) judge_interval()
  } else if (name == "iterations") {
    iterations[second()] += value()
  } else if (name == "checks") {
    at = second(); passed[at] += value(); failed[at] += 1 - value()
  }
}

END { flush_requests(); if (ticks % 10) progress() }
