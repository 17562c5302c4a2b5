import { expect, test } from 'vitest'
import { parseNetwork } from './network'

test.each([
  '10.0.0.1',
  '0.0.0.0/0',
  '192.0.2.0/24',
  '255.255.255.255/32',
  '::',
  '2001:db8::7',
  '2001:DB8::/32',
  '::ffff:10.0.0.1',
  '::/128',
])('%s', (text) => {
  expect(parseNetwork(text)).toBe(text)
})

test.each([
  [' 10.0.0.1 ', '10.0.0.1'],
  ['１０．０．０．０／８', '10.0.0.0/8'],
  ['10。0。0。1', '10.0.0.1'],
])('%s is taken as it is meant', (text, want) => {
  expect(parseNetwork(text)).toBe(want)
})

test.each([
  '',
  '10',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.01',
  '0x0a.0.0.1',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/08',
  '10.0.0.0/8/8',
  '10.0.0.1:443',
  '10.0.0.1-9',
  '1::2::3',
  '2001:db8::/129',
  '[::1]',
  'fe80::1%eth0/64',
  'host.example',
])('%s is none', (text) => {
  expect(parseNetwork(text)).toBeUndefined()
})
