import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FunctionRecord } from '../store/functions.ts'
import type { Store } from '../store/store.ts'
import { scriptPath } from './confinement.ts'
import { badRuntime, badZip, functionNotFound } from './errors.ts'
import { findFunction, parseFunctionArn } from './find-function.ts'
import { unpack } from './unpack.ts'

/** A function and its code as they were at one instant. */
export interface Loaded {
  readonly record: FunctionRecord
  readonly zip?: Uint8Array
}

/** How often a function is read again whose code changed between two reads. */
const LOAD_ATTEMPTS = 3

/** @throws AwsError ResourceNotFoundException; InvalidZipFileException for a zip that is not the recorded one. */
export async function loadFunction(arn: string, store: Store): Promise<Loaded> {
  const id = parseFunctionArn(arn)
  if (!id) throw functionNotFound(arn)
  for (let attempt = 0; attempt < LOAD_ATTEMPTS; attempt++) {
    const record = await findFunction(store.read.functions, id.place, id.partition, id.name)
    if (!record || record.arn !== arn.replace(/:\$LATEST$/, '')) throw functionNotFound(arn)
    if (record.code.kind !== 'zip') return { record }
    const zip = await store.read.functions.zip(id.place, id.name)
    if (zip && digestOf(zip) === record.code.sha256) return { record, zip }
  }
  throw badZip('it is not the one that was uploaded.')
}

/** As Lambda's CodeSha256: SHA-256 in base64. */
function digestOf(zip: Uint8Array): string {
  return createHash('sha256').update(zip).digest('base64')
}

/** Where a function's code is for one invocation. */
export interface PlacedCode {
  readonly taskRoot: string
  /** `file.export` below it. */
  readonly handler: string
}

/**
 * Puts a function's code where its process finds it. A zip is unpacked for each invocation anew, so that no
 * invocation can change what the next one runs.
 */
export async function placeCode({ record, zip }: Loaded, work: string): Promise<PlacedCode> {
  const { code, handler } = record
  switch (code.kind) {
    case 'directory':
      return { taskRoot: code.path, handler }
    case 'built-in': {
      const file = fileURLToPath(import.meta.resolve(code.module))
      return { taskRoot: dirname(file), handler: `${basename(file, '.ts')}.handler` }
    }
    case 'zip': {
      const taskRoot = join(work, 'task')
      await mkdir(taskRoot, { mode: 0o755 })
      if (zip) await unpack(zip, taskRoot)
      return { taskRoot, handler }
    }
  }
}

/** What of a function's memory its JavaScript may have: the rest is for Node.js itself. */
const NODE_OWN_MB = 48
const MIN_HEAP_MB = 64

/**
 * The program that runs a function, and its arguments.
 * @param python Asked for the interpreter where one is needed.
 * @throws AwsError InvalidRuntimeException for a runtime that is none of ours, or has nothing to run it here.
 */
export async function programOf(
  { runtime, memoryMb }: FunctionRecord,
  taskRoot: string,
  python: () => Promise<string | undefined>,
): Promise<readonly string[]> {
  if (runtime.startsWith('nodejs')) {
    const heapMb = Math.max(MIN_HEAP_MB, memoryMb - NODE_OWN_MB)
    const sdkParent = fileURLToPath(import.meta.resolve('@lockstep/workers/package.json'))
    return [process.execPath, `--max-old-space-size=${heapMb}`, scriptPath('node.mjs'), sdkParent]
  }
  if (runtime.startsWith('python')) {
    const interpreter = await python()
    if (interpreter !== undefined) return [interpreter, '-B', '-u', scriptPath('python.py')]
  }
  if (runtime.startsWith('provided')) return [join(taskRoot, 'bootstrap')]
  throw badRuntime(runtime)
}
