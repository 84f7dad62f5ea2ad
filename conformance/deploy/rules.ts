import assert from 'node:assert/strict'
import type { Container } from './manifests.ts'

/** What calls under way may take once a server has been told to end, and what is left of it then. */
export const DRAIN_AND_SLACK_SECONDS = 12

type Process = Pick<Container, 'name' | 'env' | 'args' | 'command'>

/** An environment that carries no secret: by reference, or a path to a file. */
export function demandNoSecret({ name, env = [], args = [], command = [] }: Process): void {
  for (const { name: variable, value } of env) {
    if (value === undefined) continue
    if (/PASS|SECRET|KEY|TOKEN/.test(variable))
      assert.match(value, /^(file:)?\/(etc|run)\//, `${name}: ${variable}`)
    if (value.includes('://')) assert.equal(new URL(value).password, '', `${name}: ${variable}`)
  }
  assert.deepEqual(args, [], name)
  assert.doesNotMatch(command.join(' '), /password=|:\/\/[^/]*:[^/]*@/i, name)
}
