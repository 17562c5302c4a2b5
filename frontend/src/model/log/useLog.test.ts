import { expect, test } from 'vitest'
import type { Summary } from '../api/types'
import { allCounted } from './useLog'

test('sums of organizations come from summaries that list all of them', () => {
  const summary = (more?: object) => ({ total: 1, facets: { organization: [], more } }) as unknown as Summary
  for (const more of [undefined, {}, { user: 7 }]) expect(allCounted(summary(more))).toBeDefined()
  expect(allCounted(summary({ organization: 1 }))).toBeUndefined()
  expect(allCounted(undefined)).toBeUndefined()
})
