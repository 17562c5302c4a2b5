import { expect, test } from 'vitest'
import type { IdentityRule } from '../../model/api/types'
import { groupsOf, ruleFor, stepsOf } from './groups'

const rule = (number: number, group: string, more: Partial<IdentityRule> = {}): IdentityRule => ({
  number,
  group,
  role: 'auditor',
  tenant: 'acme',
  people: 0,
  ...more,
})

test('a DN and its CN are one group, and those with a rule come first', () => {
  const names = ['cn=all staff,dc=corp', 'all staff', 'auditors', 'cn=auditors,ou=groups,dc=corp']
  const rules = [
    rule(1, 'CN=Auditors, OU=Groups,DC=corp'),
    rule(2, 'auditors'),
    rule(3, 'all staff', { source: 'lab' }),
  ]
  expect(groupsOf(names, rules, 'corp')).toEqual([
    { name: 'cn=auditors,ou=groups,dc=corp', rules: [1, 2] },
    { name: 'cn=all staff,dc=corp', rules: [] },
  ])
})

test('names of a provider stay as they are', () => {
  expect(groupsOf(['staff', '/audit/east'], [rule(1, '/audit/east')], 'sso').map(({ name }) => name)).toEqual([
    '/audit/east',
    'staff',
  ])
})

test('the rules before the one that decides say why they do not, and later ones that they would', () => {
  const rules = [
    rule(1, 'admins'),
    rule(2, 'auditors', { organization: '{organization}' }),
    rule(3, 'auditors', { source: 'lab' }),
    rule(4, 'auditors'),
    rule(5, '*', { role: 'member' }),
    rule(6, 'staff'),
    rule(7, 'auditors'),
  ]
  const member = { number: 5, role: 'member', tenant: 'acme', differs: true } as const
  const fitting = [
    { number: 4, role: 'auditor', tenant: 'acme', differs: false } as const,
    member,
    { number: 7, role: 'auditor', tenant: 'acme', differs: false } as const,
  ]
  const steps = stepsOf(rules, fitting, 'corp', ['auditors'])
  expect(steps.map(({ rule: { number }, kind }) => `${number} ${kind}`)).toEqual([
    '1 missesGroup',
    '2 missesOrganization',
    '4 decides',
    '5 disagrees',
    '7 later',
  ])
  expect(steps[3]).toMatchObject({ gives: member })
})

test('where nothing decides, every rule about the source says why', () => {
  const steps = stepsOf([rule(1, 'admins'), rule(2, 'x', { source: 'lab' })], [], 'corp', ['staff'])
  expect(steps.map(({ kind }) => kind)).toEqual(['missesGroup'])
})

test('a copied rule is TOML whatever the group is called', () => {
  expect(ruleFor('corp', 'cn=a "b"\\c,dc=corp')).toContain('group = "cn=a \\"b\\"\\\\c,dc=corp"\n')
})
