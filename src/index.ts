import { func, object } from "@dagger.io/dagger"

@object()
export class Slipway {
  @func()
  hello(name: string): string {
    return `hello ${name}`
  }
}
