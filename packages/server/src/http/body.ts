import type { IncomingMessage } from 'node:http'
import type { BodyPlace } from './body-room.ts'

const EMPTY = new Uint8Array()

/**
 * The whole body, or why there is none: `too large` past `maxBytes`, `no room` where the others leave no memory
 * for it, `gone` when the client hung up. What is refused is read to its end and dropped, so that the client is
 * there to hear the answer, but no more of it than twice `maxBytes`.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  place: BodyPlace,
): Promise<Uint8Array | 'too large' | 'no room' | 'gone'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = []
    let bytes = 0
    let refused: 'too large' | 'no room' | undefined
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) refused = 'too large'
      else if (!refused && !place.grow(bytes)) refused = 'no room'
      if (!refused) return void chunks.push(chunk)
      chunks = []
      place.clear()
      if (bytes > 2 * maxBytes) {
        request.pause()
        resolve(refused)
      }
    })
    request.on('end', () => {
      if (refused) return resolve(refused)
      const [only] = chunks
      resolve(chunks.length === 1 && only ? only : chunks.length === 0 ? EMPTY : Buffer.concat(chunks, bytes))
    })
    request.on('error', () => resolve('gone'))
    request.on('close', () => resolve('gone'))
  })
}
