import { expect, test } from 'vitest'
import type { Session } from '../model/api/types'
import { sections, sectionsFor } from './sections'

const ofAll = sections.map(({ path }) => path)
const ofOwners = ['identity', 'tenants']
const ofReaders = ['checkpoint', 'account']
const ofEveryOwner = ofAll.filter((path) => path !== 'checkpoint') // they find it on the page of the system
const ofAdmins = ofEveryOwner.filter((path) => !ofOwners.includes(path))

test.each<[Session['role'], string | undefined, string[]]>([
  ['owner', undefined, ofEveryOwner],
  ['admin', undefined, ofAdmins],
  ['admin', 'east', ofReaders],
  ['auditor', undefined, ofReaders],
  ['member', undefined, ['account']],
])('%s of %s', (role, organization, want) => {
  const session = { role, ...(organization && { organization }) }
  expect(sectionsFor(session).map(({ path }) => path)).toEqual(want)
})
