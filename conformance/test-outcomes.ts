/** A reporter for node's test runner: one line of JSON for each test, for `test-runs.ts`. */
import type { TestEvent } from 'node:test/reporters'

/** @see https://nodejs.org/api/test.html#custom-reporters */
// biome-ignore lint/style/noDefaultExport: node's test runner takes a reporter as a module's default export.
export default async function* outcomes(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue
    const { file, line, name, skip } = data
    const isSkipped = skip !== undefined && skip !== false
    const reason = isSkipped ? String(skip) : type === 'test:fail' ? String(data.details.error.cause) : ''
    const outcome = isSkipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed'
    yield `${JSON.stringify({ file, line, name, outcome, reason })}\n`
  }
}
