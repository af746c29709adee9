/** What is never a part of a service, and would only make uploads slow. */
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
