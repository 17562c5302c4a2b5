import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { adminEn } from '../../i18n/admin.en'
import { adminZh } from '../../i18n/admin.zh'
import { en } from '../../i18n/en'
import { zh } from '../../i18n/zh'
import type { RecordedJson } from '../../model/api/recordedJson'
import type { Entry } from '../../model/api/types'
import { type ActionContext, actionDetails, describeAction } from './actions'

const nameOf: ActionContext['nameOf'] = (name, value) => (name === 'operation' ? `the ${value}` : value)
const english: ActionContext = { messages: adminEn, common: en, zone: 'Asia/Shanghai', nameOf }
const chinese: ActionContext = { messages: adminZh, common: zh, zone: 'Asia/Shanghai', nameOf }

function action(module: string, operation: string, rest: Partial<Entry> = {}): Entry {
  const time = '2026-11-23T03:00:00Z'
  const user = { id: 'admin', name: 'admin' }
  return {
    id: 'x',
    seq: 1,
    time,
    received_at: time,
    user,
    module,
    operation,
    origin: 'manual',
    outcome: 'success',
    ...rest,
  }
}

// How the program's source names the actions of its calls, and events of its own.
const patterns = [/\{"([a-z]+)", "([a-z_]+)", (?:true|false)\}/g, /Module: "([a-z]+)", Operation: "([a-z_]+)"/g]

test('every action that the program records has a title in both languages', () => {
  const root = new URL('../../../../', import.meta.url)
  const sources = ['', 'cli/', 'cluster/', 'server/', 'oplog/', 'search/', 'storage/', 'archive/', 'node/'].flatMap(
    (folder) =>
      readdirSync(new URL(folder || './', root))
        .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
        .map((name) => readFileSync(new URL(folder + name, root), 'utf8')),
  )
  const recorded = sources.flatMap((source) =>
    patterns.flatMap((pattern) =>
      [...source.matchAll(pattern)].map(([, module, operation]) => `${module}.${operation}`),
    ),
  )
  expect(recorded).toEqual(expect.arrayContaining(['log.search', 'server.start', 'server.join', 'log.import']))
  for (const { access } of [adminEn, adminZh]) expect(recorded.filter((key) => !(key in access.actions))).toEqual([])
})

test('an action whose details are omitted from the list shows that there are more', () => {
  expect(actionDetails(action('log', 'search', { truncated: true }), english)).toEqual(['…'])
  expect(actionDetails(action('catalog', 'change', { truncated: true, content: { id: 'c' } }), chinese)).toEqual([
    'c',
    '…',
  ])
})

test('filters that were cut have the number of their values', () => {
  const details =
    '{"filter_values":{"user":500,"q":1},"filters":{"user":["u1","…"]},"filters_sha256":"ab"}' as RecordedJson
  const facts = actionDetails(action('log', 'search', { details }), english)
  expect(facts).toContain('Values of the filters, cut here: User 500, Search 1')
  expect(actionDetails(action('log', 'search', { details }), chinese)).toContain('全部筛选值的 SHA-256：ab')
  expect(facts).toHaveLength(3)
})

test('an act tells what else was read in it', () => {
  const also = '[{"operation":"search","filters":{"q":["xyz"]}},{"operation":"count"}]'
  const entry = action('log', 'search', { details: `{"filters":{"q":["x"]},"also":${also}}` as RecordedJson })
  expect(actionDetails(entry, english)).toEqual([
    'Search: x',
    'Also: Searched the log (Search: xyz)',
    'Also: Counted entries',
  ])
  expect(actionDetails(entry, chinese)).toEqual(['搜索：x', '另：搜索日志（搜索：xyz）', '另：统计记录数'])
  const typed = '{"filters":{"q":["inv"]},"operation":"search"}'
  const search = action('log', 'search', {
    details: `{"also":[${typed}],"filters":{"q":["invoice"]},"searches":2}` as RecordedJson,
  })
  expect(actionDetails(search, english)).toEqual([
    'Search: invoice',
    'Searches run: 2',
    'Also: Searched the log (Search: inv)',
  ])
  expect(actionDetails(search, chinese)).toEqual(['搜索：invoice', '搜索次数：2', '另：搜索日志（搜索：inv）'])
  expect(describeAction(action('log', 'print'), adminEn)).toEqual({
    title: 'Printed the log',
    group: 'outward',
    icon: 'printer',
  })
  expect(describeAction(action('log', 'follow'), adminEn).title).toBe('Followed the log live')
  expect(actionDetails(action('log', 'count'), english)).toEqual([adminEn.access.everything])
})

test('every reason and area of a refused request has a message in both languages', () => {
  const source = readFileSync(new URL('../../../../server/refusals.go', import.meta.url), 'utf8')
  const found = (pattern: RegExp) => [...source.matchAll(pattern)].map((match) => match[1] ?? '')
  const reasons = found(/(?:reason\w+ += |identity\.Reason\w+: )"([^"]+)"/g)
  const areas = found(/"[a-z]+": "([a-z]+)"/g)
  expect(reasons.length).toBeGreaterThan(7)
  expect(areas.length).toBeGreaterThan(19)
  for (const { access } of [adminEn, adminZh]) {
    expect(Object.keys(access.reasons)).toEqual(expect.arrayContaining(reasons))
    expect(access.reasons['too many tries']).toBe(access.reasons['too many attempts']) // in entries of earlier versions
    expect(Object.keys(access.areas)).toEqual(expect.arrayContaining([...areas, 'server']))
  }
})

test('an action without a title shows its keys', () => {
  expect(describeAction(action('log', 'search'), adminEn).title).toBe('Searched the log')
  expect(describeAction(action('moon', 'land'), adminEn).title).toBe('moon.land')
  expect(describeAction(action('backup', 'download'), adminEn).group).toBe('outward')
  expect(describeAction(action('key', 'revoke'), adminEn).group).toBe('destructive')
  expect(describeAction(action('archive', 'remove'), adminEn).group).toBe('change') // nothing is lost
})

test.each([
  ['log', 'search', {}, ['Everything'], ['全部']],
  [
    'log',
    'search',
    { details: { filters: { q: ['emma'], operation: ['delete', 'send'], from: ['2026-11-23T03:00:00Z'] } } },
    ['Search: emma', 'Operation type: the delete, the send', 'From: 2026-11-23 11:00:00'],
    ['搜索：emma', '操作类型：the delete、the send', '开始：2026-11-23 11:00:00'],
  ],
  [
    'log',
    'search',
    {
      details: {
        filters: {
          range: ['last_week'],
          not_ip: ['10.0.0.0/8'],
          not_user: ['u_1'],
          outcome: ['failure'],
          role: ['admin'],
        },
      },
    },
    ['Not user: u_1', 'Role: admin', 'Outcome: failure', 'Not IP address: 10.0.0.0/8', 'Period: last week'],
    ['排除用户：u_1', '角色：admin', '结果：failure', '排除 IP 地址：10.0.0.0/8', '时段：上周'],
  ],
  [
    'access',
    'search',
    { details: { filters: { operation: ['key.create', 'session.sign_in', 'moon.land'], user: ['ada'] } } },
    ['User: ada', 'Action: Created an API key, Sign-in, moon.land'],
    ['用户：ada', '行为：创建 API 密钥、登录、moon.land'],
  ],
  [
    'export',
    'start',
    {
      content: { id: 'e1', name: 'acme.csv' },
      details: { range: 'last_7_days', from: '0001-01-01T00:00:00Z', format: 'csv', filters: { user: null, q: '' } },
    },
    ['acme.csv', 'Period: last 7 days', 'Format: csv'],
    ['acme.csv', '时段：近 7 天', '格式：csv'],
  ],
  [
    'session',
    'sign_in',
    { outcome: 'failure', details: { reason: 'wrong password' } },
    ['Reason: wrong password'],
    ['原因：密码错误'],
  ],
  [
    'request',
    'refuse',
    {
      outcome: 'failure',
      content: { id: 'globex' },
      details: { area: 'key', count: 1200, last_at: '2026-11-23T03:00:00Z', reason: 'another tenant' },
    },
    ['globex', 'Area: API keys', 'Attempts: 1,200', 'Last: 2026-11-23 11:00:00', 'Reason: belongs to another tenant'],
    ['globex', '范围：API 密钥', '尝试次数：1,200', '最后一次：2026-11-23 11:00:00', '原因：属于其他租户'],
  ],
  [
    'log',
    'search',
    { details: { calls: 174, filters: { q: ['emma'] }, rows: 34800 } },
    ['Search: emma', 'Pages read: 174', 'Rows read: 34,800'],
    ['搜索：emma', '读取页数：174', '读取行数：34,800'],
  ],
  [
    'session',
    'sign_in',
    { details: { second_factor: 'totp' } },
    ['Second factor: authenticator app'],
    ['两步验证：身份验证器应用'],
  ],
  [
    'account',
    'require_factor',
    { details: { role: ['owner', 'admin'] } },
    ['Role: Owner, Admin'],
    ['角色：所有者、管理员'],
  ],
  [
    'account',
    'change',
    {
      content: { id: 'ada', name: 'Ada' },
      details: { role: 'auditor', organization: '', disabled: false, new_password: true },
    },
    ['Ada (ada)', 'Role: Auditor', 'New password'],
    ['Ada (ada)', '角色：审计员', '重设了密码'],
  ],
  [
    'retention',
    'delete',
    {
      details: {
        tenant: 'acme',
        at: '2026-11-23T03:00:00Z',
        days: [
          { from: '2026-01-01', to: '2026-01-31' },
          { from: '2026-02-02', to: '2026-02-02' },
        ],
        entries: 1200,
      },
    },
    ['Tenant: acme', 'Time: 2026-11-23 11:00:00', 'Days: 2026-01-01 – 2026-01-31, 2026-02-02', 'Entries: 1,200'],
    ['租户：acme', '时间：2026-11-23 11:00:00', '日期：2026-01-01 – 2026-01-31、2026-02-02', '记录数：1,200'],
  ],
  [
    'archive',
    'ship',
    {
      details: {
        tenant: 'acme',
        date: '2026-05-04',
        state: 'archived',
        attempt: 2,
        attempts: [1],
        shard: 0,
        analysis: 3,
        rows: 1200,
        min_seq: 7,
        sum: [1, 2, 3, 4],
      },
    },
    ['Day (UTC): 2026-05-04', 'Entries: 1,200', 'Shard: 1', 'Attempt: 2'],
    ['日期（UTC）：2026-05-04', '记录数：1,200', '分片：1', '尝试次数：2'],
  ],
  [
    'retention',
    'hold',
    {
      content: { id: 'h1', name: 'case 7' },
      details: {
        hold: { id: 'h1', reason: 'case 7', from: '2026-01-01', covers_from: '2025-12-31T00:00:00Z', set_by: 'admin' },
      },
    },
    ['case 7', 'From: 2026-01-01', 'Held from: 2025-12-31 08:00:00', 'Set by: admin'],
    ['case 7', '开始：2026-01-01', '实际保留自：2025-12-31 08:00:00', '设置人：admin'],
  ],
  [
    'catalog',
    'change',
    { details: { modules: 19, moons: { a: 1 } } },
    ['Modules: 19', 'moons: {"a":1}'],
    ['模块：19', 'moons：{"a":1}'],
  ],
] as const)('%s %s as text', (module, operation, rest, inEnglish, inChinese) => {
  const details = 'details' in rest ? { details: JSON.stringify(rest.details) as RecordedJson } : {}
  const entry = action(module, operation, { ...(rest as Partial<Entry>), ...details })
  expect(actionDetails(entry, english)).toEqual(inEnglish)
  expect(actionDetails(entry, chinese)).toEqual(inChinese)
})
