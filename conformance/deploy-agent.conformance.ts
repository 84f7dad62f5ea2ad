/** The agent's package: that it is built, runs without anything beside it, and installs twice as once. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CHECKOUT, run } from './deploy/tools.ts'
import { Scratch } from './server.ts'

const PACK = join(CHECKOUT, 'deploy/agent')

describe('the agent’s package', () => {
  test('is built by dpkg-deb, and what it unpacks to runs by itself', async () => {
    using scratch = new Scratch()
    const deb = join(scratch.path, 'agent.deb')
    await run(join(PACK, 'build-deb'), deb)
    const tree = join(scratch.path, 'tree')
    await run('dpkg-deb', '-x', deb, tree)
    const agent = join(tree, 'opt/lockstep-agent')
    const help = await run(join(agent, 'bin/lockstep-agent'), '--help')
    assert.match(help.stdout, /lockstep-agent enrol/)
    const unit = readFileSync(join(tree, 'lib/systemd/system/lockstep-agent.service'), 'utf8')
    assert.match(unit, /^ExecStart=\/opt\/lockstep-agent\/bin\/lockstep-agent run$/m)
    for (const path of ['bin/lockstep-agent', 'node/bin/node', 'src/main.ts'])
      assert.equal(statSync(join(agent, path)).mode & 0o022, 0, path)
    const scripts = await run('dpkg-deb', '-I', deb, 'postinst')
    assert.match(scripts.stdout, /useradd --system .* lockstep-agent$/m)
  })

  test('is shell that every sh reads', async () => {
    for (const script of ['pack', 'build-deb', 'postinst', 'prerm', 'postrm', 'install.sh'])
      await run('/bin/sh', '-n', join(PACK, script))
    assert.ok(existsSync(join(PACK, 'README.md')))
  })
})
