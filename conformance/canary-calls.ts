import type { Canaries } from './canaries.ts'
import { nameOf, type SensitiveMember } from './models.ts'
import { type RawAnswer, type RawCall, rawCall } from './raw-call.ts'
import type { Caller, Keys } from './sdk.ts'

/** Bytes beyond what a secret, a plaintext or a password may have. */
const LONG = 'x'.repeat(70_000)
/** More than a body may have. */
const VAST = 'x'.repeat(1_200_000)

/** More than a header may have has no answer but a closed connection. */
const LONGEST_HEADER = 8_000

/** One way to misuse a member. `input` stands for the whole of the call's JSON or form. */
interface Misuse {
  readonly what: string
  call(member: SensitiveMember, canary: string): Asked
}

/** A call but for its signing name. */
type Asked = Omit<RawCall, 'service'>

/** The names in the path of a REST operation, where nobody says others. */
const NOBODY = 'nobody'

/** The call with `{ path: value }` and `more`, as the member's service wants its input. */
export function callWith(member: SensitiveMember, value: unknown, more: object = {}): Asked {
  const { service, path, place } = member
  const nested = path.reduceRight<unknown>(
    (inner, name) => (name === '*' ? [inner] : { [name]: inner }),
    value,
  )
  if (service.protocol === 'form') return callOf(member, { ...more, [path.map(asForm).join('.')]: value })
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (place?.kind === 'payload') return { ...callOf(member, more), body: text }
  if (place?.kind === 'header') {
    const asked = callOf(member, more)
    return { ...asked, headers: { ...asked.headers, [place.name]: text.slice(0, LONGEST_HEADER) } }
  }
  return callOf(member, { ...more, ...Object(nested) })
}

function asForm(name: string): string {
  return name === '*' ? 'member.1' : name
}

/** The call with this input. The path of a REST operation takes from it what is named there. */
export function callOf({ service, operation, http }: Target, input: object): Asked {
  switch (service.protocol) {
    case 'form': {
      const members = Object.entries(input).map(([name, value]) => [name, String(value)])
      const form = { Action: operation, Version: service.apiVersion, ...Object.fromEntries(members) }
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return { headers, body: new URLSearchParams(form).toString() }
    }
    case 'json': {
      const target = `${service.targetPrefix}.${operation}`
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
      return { headers, body: JSON.stringify(input) }
    }
    case 'rest': {
      const { method = 'POST', requestUri = '/' } = http ?? {}
      const rest: Record<string, unknown> = { ...input }
      const path = requestUri.replaceAll(/\{(\w+)\+?\}/g, (_, name: string) => {
        const label = String(rest[name] ?? NOBODY)
        delete rest[name]
        return label
      })
      const headers = { 'content-type': 'application/json' }
      return { method, path, headers, body: method === 'GET' ? '' : JSON.stringify(rest) }
    }
  }
}

type Target = Pick<SensitiveMember, 'service' | 'operation' | 'http'>

/** A blob travels as base64. */
export function onTheWire(member: SensitiveMember, value: string): string {
  const isText = member.type !== 'blob' || member.service.protocol === 'form' || member.place
  return isText ? value : Buffer.from(value).toString('base64')
}

/** Lockstep ignores what is no member of the input. */
export const SPELLED_WRONG = 'under a name spelled wrong'

const EVERYWHERE: readonly Misuse[] = [
  {
    what: 'without the members that are required besides',
    call: (member, canary) => callWith(member, onTheWire(member, canary)),
  },
  { what: 'too long', call: (member, canary) => callWith(member, onTheWire(member, canary + LONG)) },
  {
    what: 'in a body beyond the limit',
    call: (member, canary) => callWith(member, onTheWire(member, canary + VAST)),
  },
  {
    what: SPELLED_WRONG,
    call: (member, canary) => {
      const path = member.path.map((name) => name.toLowerCase())
      return callWith({ ...member, path }, canary)
    },
  },
  {
    what: 'unsigned',
    call: (member, canary) => ({ ...callWith(member, onTheWire(member, canary)), unsigned: true }),
  },
  {
    what: 'in a body other than the signed one',
    call: (member, canary) => {
      const { body, ...asked } = callWith(member, onTheWire(member, canary))
      return { ...asked, body: '', sentBody: body === '' ? canary : body }
    },
  },
  {
    what: 'in the URL',
    call: (member, canary) => ({
      ...callWith(member, 'x'),
      sentPath: `/?${member.path.join('.')}=${canary}`,
    }),
  },
  { what: 'in the path', call: (member, canary) => ({ ...callWith(member, 'x'), sentPath: `/${canary}` }) },
]

const IN_JSON: readonly Misuse[] = [
  { what: 'in a list', call: (member, canary) => callWith(member, [canary]) },
  { what: 'in a structure', call: (member, canary) => callWith(member, { value: canary }) },
  { what: 'as a member name', call: (member, canary) => callWith(member, { [canary]: 1 }) },
  { what: 'as base64 that it is not', call: (member, canary) => callWith(member, `${canary}!`) },
  {
    what: 'in JSON that ends early',
    call: (member, canary) => {
      const asked = callWith(member, onTheWire(member, canary))
      return { ...asked, body: asked.body.slice(0, -2) }
    },
  },
  {
    what: 'in JSON that is wrong right after it',
    call: (member, canary) => {
      const asked = callWith(member, onTheWire(member, canary))
      return { ...asked, body: `${asked.body}${canary}` }
    },
  },
  {
    what: 'as the whole body',
    call: (member, canary) => ({ ...callWith(member, 'x'), body: JSON.stringify(canary) }),
  },
  { what: 'as the whole body, bare', call: (member, canary) => ({ ...callWith(member, 'x'), body: canary }) },
]

const IN_A_FORM: readonly Misuse[] = [
  {
    what: 'in a list',
    call: (member, canary) => callWith({ ...member, path: [...member.path, 'member', '1'] }, canary),
  },
  {
    what: 'in a structure',
    call: (member, canary) => callWith({ ...member, path: [...member.path, 'Value'] }, canary),
  },
  {
    what: 'in broken percent-encoding',
    call: (member, canary) => {
      const asked = callWith(member, canary)
      return { ...asked, body: `${asked.body}%zz%` }
    },
  },
  {
    what: 'twice',
    call: (member, canary) => {
      const asked = callWith(member, canary)
      return { ...asked, body: `${asked.body}&${member.path.join('.')}=${canary}` }
    },
  },
]

/** What a misuse came to. */
export interface Misused {
  readonly what: string
  readonly answer: RawAnswer
}

/** Puts a canary of its own into `member` in every wrong way there is, as the administrator and as `stranger`. */
export async function misuse(
  admin: Caller,
  stranger: Keys,
  member: SensitiveMember,
  canaries: Canaries,
): Promise<readonly Misused[]> {
  const denied: Misuse = {
    what: 'by somebody who may not',
    call: (one, canary) => ({ ...callWith(one, onTheWire(one, canary)), keys: stranger }),
  }
  const misuses = [...EVERYWHERE, denied, ...(member.service.protocol === 'form' ? IN_A_FORM : IN_JSON)]
  const calls = misuses.map(async ({ what, call }) => {
    const full = `${nameOf(member)} ${what}`
    const { signingName: service } = member.service
    const answer = await rawCall(admin, { service, ...call(member, canaries.plant(full)) })
    return { what: full, answer }
  })
  return Promise.all(calls)
}
