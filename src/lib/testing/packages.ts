/** Packages that run and measure tests, with the default versions. */
export const TEST_PACKAGES = [
  { package: "pytest", version: "9.2.0" },
  { package: "pytest-cov", version: "7.1.0" },
  { package: "pytest-rerunfailures", version: "16.7" },
  { package: "pytest-timeout", version: "2.4.0" },
  { package: "pytest-xdist", version: "3.8.0" },
  { package: "coverage", version: "7.17.3" },
] as const

/** Oldest version with the hooks that our plugin needs. */
export const LEAST_PYTEST = 7
