import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AddressRules, isCidr } from './address-rules.ts'

const rules = new AddressRules()

const REFUSED: readonly string[] = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:a00:1::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '',
  'example.com',
  '1.2.3',
  '1.2.3.4.5',
]

describe('an address that is not public is refused', () => {
  for (const address of REFUSED) {
    test(address === '' ? 'nothing' : address, () => assert.equal(rules.admits(address), false))
  }
})

for (const address of [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.0',
  '100.128.0.0',
  '2606:4700::1111',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
]) {
  test(`${address} is public`, () => assert.equal(rules.admits(address), true))
}

/** How people write loopback so that a filter of texts does not see it; a URL's host is canonical. */
for (const host of [
  '127.1',
  '0x7f.0.0.1',
  '2130706433',
  '0177.0.0.1',
  '0',
  'localhost',
  'LOCALHOST.',
  'a.localhost',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '①②⑦.0.0.1',
]) {
  test(`the host ${host} is refused`, () => {
    assert.equal(rules.admitsHost(new URL(`http://${host}/`).hostname), false)
  })
}

test('a name is admitted, for its addresses are looked at when it is used', () => {
  assert.equal(rules.admitsHost('hooks.example.com'), true)
})

test('what the operator allows is admitted, in whatever form it is written, and nothing beside it', () => {
  const allowing = new AddressRules(['10.20.0.0/16', 'fd00:1::/32'])
  for (const address of ['10.20.0.1', '::ffff:10.20.255.255', 'fd00:1::5'])
    assert.ok(allowing.admits(address), address)
  for (const address of ['10.21.0.1', '127.0.0.1', 'fd00:2::5', '2002:a14:1::'])
    assert.ok(!allowing.admits(address), address)
})

test('allowing loopback admits its name', () => {
  assert.equal(new AddressRules(['127.0.0.0/8']).admitsHost('localhost'), true)
})

test('a range is told from what is none', () => {
  for (const range of ['10.0.0.0/8', '::/0']) assert.ok(isCidr(range))
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'x/8', '']) assert.ok(!isCidr(text))
})

/** The same question by arithmetic on 32 bits. */
const NOT_PUBLIC: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc01fc400, 24],
  [0xc034c100, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc0af3000, 24],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 4],
  [0xf0000000, 4],
]

function isPublic(address: number): boolean {
  return !NOT_PUBLIC.some(
    ([network, bits]) => Math.floor(address / 2 ** (32 - bits)) === Math.floor(network / 2 ** (32 - bits)),
  )
}

test('every IPv4 address is judged as arithmetic judges it, also as IPv6 writes it, and never when hidden in another form', () => {
  const near = fc
    .constantFrom(...NOT_PUBLIC)
    .chain(([network, bits]) =>
      fc
        .constantFrom(network - 1, network, network + 2 ** (32 - bits) - 1, network + 2 ** (32 - bits))
        .map((n) => Math.min(2 ** 32 - 1, Math.max(0, n))),
    )
  fc.assert(
    fc.property(fc.oneof(near, fc.integer({ min: 0, max: 2 ** 32 - 1 })), (address) => {
      const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256)
      const text = bytes.join('.')
      const [high, low] = [Math.floor(address / 65536).toString(16), (address % 65536).toString(16)]
      assert.equal(rules.admits(text), isPublic(address), text)
      assert.equal(rules.admits(`::ffff:${high}:${low}`), isPublic(address), text)
      for (const hidden of [
        `2002:${high}:${low}::1`,
        `64:ff9b::${high}:${low}`,
        `::${high}:${low}`,
        `2001:0:${high}:${low}::`,
      ]) {
        assert.equal(rules.admits(hidden), false, hidden)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('of IPv6 nothing outside 2000::/3 is admitted', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const [first = 0] = groups
      const isMapped = groups.slice(0, 5).every((each) => each === 0) && groups[5] === 0xffff
      if ((first < 0x2000 || first > 0x3fff) && !isMapped) {
        assert.equal(rules.admits(groups.map((each) => each.toString(16)).join(':')), false)
      }
    }),
  )
})
