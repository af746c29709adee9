import { func, object } from "@dagger.io/dagger"

@object()
export class One {
  /** Greets. Pure. */
  @func()
  hello(name: string): string {
    return `hello ${name}`
  }
}
