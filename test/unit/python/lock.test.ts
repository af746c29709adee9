import { expect, it } from "vitest"
import { servicePackages } from "../../../src/lib/python/lock.js"

const LOCK = `annotated-doc==0.0.7      # via fastapi
black==26.10.1            # via -r /slipway/tools.in
click==8.5.1              # via black, uvicorn
fastapi==0.165.0          # via audio-upscaler (pyproject.toml)
pathspec==1.1.1           # via black
pytest==9.2.0             # via -r /slipway/tools.in, -r requirements-dev.txt
pluggy==1.7.0             # via pytest
PyYAML==6.0.3 ; sys_platform == 'linux'  # via Bandit_Core
bandit-core==1.0          # via -c /slipway/constraints.txt, -r /slipway/tools.in
uvicorn[standard]==0.54.0  # via -r requirements.txt
`

it("servicePackages returns direct and indirect dependencies of the service, without our tools' own", () => {
  expect([...servicePackages(LOCK, "/slipway/tools.in")].sort()).toEqual([
    "annotated-doc",
    "click",
    "fastapi",
    "pluggy",
    "pytest",
    "uvicorn",
  ])
})

it("servicePackages terminates if packages depend on each other", () => {
  const lock = "a==1  # via b, -r requirements.txt\nb==1  # via a\n"
  expect(servicePackages(lock, "/slipway/tools.in")).toEqual(new Set(["a", "b"]))
})
