/** The agent's package: that it is built, runs without anything beside it, and installs twice as once. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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

  const asRoot = process.geteuid?.() === 0 ? {} : { skip: 'root: nobody else can install it' }
  test('is left as it is by an install.sh of another version', asRoot, async () => {
    using scratch = new Scratch()
    const [tree, root] = [join(scratch.path, 'tree'), join(scratch.path, 'root')]
    const installed = join(root, 'opt/lockstep-agent/bin')
    for (const folder of [join(tree, 'bin'), installed]) mkdirSync(folder, { recursive: true })
    copyFileSync(join(PACK, 'install.sh'), join(tree, 'install.sh'))
    writeFileSync(join(tree, 'bin/lockstep-agent'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(join(installed, 'lockstep-agent'), 'the package’s')
    const ended = await run(
      'env',
      `ROOT=${root}`,
      'sh',
      join(tree, 'install.sh'),
      '--endpoint',
      'https://there',
    )
    assert.equal(ended.code, 1)
    assert.match(ended.stderr, /use dpkg/)
    assert.equal(readFileSync(join(installed, 'lockstep-agent'), 'utf8'), 'the package’s')
  })

  test('is shell that every sh reads', async () => {
    for (const script of ['pack', 'build-deb', 'postinst', 'prerm', 'postrm', 'install.sh'])
      await run('/bin/sh', '-n', join(PACK, script))
    assert.ok(existsSync(join(PACK, 'README.md')))
  })
})
