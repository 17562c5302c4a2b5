import { expect, test } from 'vitest'
import { spaced } from './spacing'

test.each([
  ['现属', 'Overseas', '', '现属 Overseas'],
  ['现属', '华东大区 East China', '', '现属华东大区 East China'],
  ['', '华东大区 East China', '及下级', '华东大区 East China 及下级'],
  ['', '杭州分公司', '及下级', '杭州分公司及下级'],
  ['本时段内', '王晓敏', '的', '本时段内王晓敏的'],
  ['本时段内', 'Émile 3', '的', '本时段内 Émile 3 的'],
  ['本时段内', '', '的', '本时段内的'],
  ['现属', '（旧）East', '', '现属（旧）East'],
])('%s + %s + %s', (before, name, after, together) => {
  expect(spaced(before, name, after)).toBe(together)
})
