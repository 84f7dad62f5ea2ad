import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { bench } from './rotation.test-support.ts'
import { type Rotator, STEPS } from './rotator.ts'

const root = join(import.meta.dirname, '../../../..')

/** The example of the guide as a file of its own, whose imports reach this folder; gone with `using`. */
function exampleFile(): Disposable & { readonly folder: string; readonly path: string } {
  const guide = readFileSync(join(root, 'docs/guides/adding-a-rotator.md'), 'utf8')
  const source = /```ts\n([\s\S]*?)```/.exec(guide)?.[1]
  assert.ok(source, 'the guide has an example')
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'guide-'))
  const path = join(folder, 'example.ts')
  writeFileSync(path, source.replaceAll("from './", `from '${import.meta.dirname}/`))
  return { folder, path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** A service as the guide describes it. */
async function keyService(first: string) {
  const keys = new Map([['first', first]])
  const server = createServer(async (request, response) => {
    const body = await new Response(request).text()
    const isKnown = [...keys.values()].some((key) => request.headers.authorization === `Bearer ${key}`)
    if (isKnown && request.method === 'PUT') keys.set(request.url ?? '', body)
    response.writeHead(isKnown ? 200 : 403).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { keys, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() }
}

test('the example of the guide compiles as this code does', () => {
  using example = exampleFile()
  const config = { extends: join(root, 'tsconfig.json'), include: ['example.ts'] }
  writeFileSync(join(example.folder, 'tsconfig.json'), JSON.stringify(config))
  const run = spawnSync('tsc', ['--noEmit', '-p', example.folder], { cwd: root, encoding: 'utf8' })
  assert.equal(run.status, 0, run.stdout)
})

test('the example of the guide rotates, each step twice', async () => {
  using example = exampleFile()
  using service = await keyService('old')
  // Node strips no types below node_modules.
  const module = join(example.folder, 'example.mjs')
  writeFileSync(module, stripTypeScriptTypes(readFileSync(example.path, 'utf8')))
  const loaded: { readonly apiKey: Rotator } = await import(pathToFileURL(module).href)
  await using world = await bench(JSON.stringify({ url: service.url, key: 'old', note: 'mine' }))
  for (const step of STEPS) {
    await loaded.apiKey[step](world.run)
    await loaded.apiKey[step](world.run)
  }
  const { url, key, note } = JSON.parse((await world.text('AWSCURRENT')) ?? '')
  assert.deepEqual([url, note], [service.url, 'mine'])
  assert.deepEqual([...service.keys.values()], ['old', key])
  assert.deepEqual(await world.labels(), ['AWSCURRENT'])
})
