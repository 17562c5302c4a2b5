import { expect, test } from 'vitest'
import type { Session } from '../api/types'
import { sections, sectionsFor } from './sections'

const ofAll = sections.map(({ path }) => path)
const ofOwners = ['tenants']
const ofAdmins = ofAll.filter((path) => !ofOwners.includes(path))

test.each<[Session['role'], string | undefined, string[]]>([
  ['owner', undefined, ofAll],
  ['admin', undefined, ofAdmins],
  ['admin', 'east', ['sessions']],
  ['auditor', undefined, ['sessions']],
  ['member', undefined, ['sessions']],
])('%s of %s', (role, organization, want) => {
  const session = { role, ...(organization && { organization }) }
  expect(sectionsFor(session).map(({ path }) => path)).toEqual(want)
})
