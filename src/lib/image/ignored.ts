/** Files that are never part of a service and would slow down uploads. */
export const IGNORED = [
  ".git",
  "**/.venv",
  "**/venv",
  "**/node_modules",
  "**/__pycache__",
  "**/.*_cache",
  "**/.terraform",
  "out",
]
