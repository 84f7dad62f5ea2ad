/** The shell blocks of a guide, run by a shell as a reader would run them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { AWS } from './components.ts'
import { cleanEnvironment, demandLoopback, type Environment, endpointsIn } from './loopback.ts'
import { finish } from './process.ts'
import { LOCKSTEP } from './server.ts'

const GUIDES = join(import.meta.dirname, '../docs/guides')

/** The `sh` blocks below one heading of a guide, in their order. */
export function shellBlocks(guide: string, heading: string): readonly string[] {
  const text = readFileSync(join(GUIDES, guide), 'utf8')
  const section = text.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`))
  assert.ok(section, `${guide} has no section ${heading}`)
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  assert.ok(blocks.length > 0, `${guide}: ${heading} shows no commands`)
  return blocks
}

/** A shell in a directory of its own, in which `aws` and `lockstep` are the real commands and go to one loopback endpoint. */
export class GuideShell {
  readonly #env: Environment
  readonly #directory: string

  constructor(administrator: Environment, directory: string) {
    assert.ok(endpointsIn(administrator).length > 0, 'without an endpoint aws would go to Amazon')
    endpointsIn(administrator).map(demandLoopback)
    this.#directory = directory
    this.#env = {
      ...cleanEnvironment(directory),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      ...administrator,
      PATH: [dirname(AWS), dirname(LOCKSTEP), process.env.PATH ?? ''].join(delimiter),
    }
  }

  /** Runs a block, every command of which has to succeed; answers what it printed. */
  async run(block: string, variables: Environment = {}): Promise<string> {
    const env = { ...this.#env, ...variables }
    const { code, stdout, stderr } = await finish('sh', ['-eu', '-c', block], { env, cwd: this.#directory })
    assert.equal(code, 0, `${block}${stderr}`)
    return stdout
  }
}
