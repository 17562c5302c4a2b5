import { expect, test } from 'vitest'
import { matchRanges, type SearchField, searchTerms } from './searchMatches'

function marked(q: string, text: string, field: SearchField = 'content'): string {
  let out = ''
  let at = 0
  for (const [start, end] of matchRanges(text, searchTerms(q), field)) {
    out += `${text.slice(at, start)}[${text.slice(start, end)}]`
    at = end
  }
  return out + text.slice(at)
}

test.each([
  ['page', 'page_20261105_0017', '[page]_20261105_0017'],
  ['page_2026', 'page_20261105_0017', '[page]_[2026]1105_0017'],
  ['0017', 'page_20261105_0017', 'page_20261105_[0017]'],
  ['age', 'page_20261105_0017', 'page_20261105_0017'],
  ['返场', '双11返场主会场 Double 11 Encore', '双11[返场]主会场 Double 11 Encore'],
  ['双11', '双11返场主会场 Double 11', '[双11]返场主会场 Double [11]'],
  ['ENCORE', 'Double 11 Encore', 'Double 11 [Encore]'],
  ['ｄｏｕｂｌｅ', 'Double 11', '[Double] 11'],
  ['cafe', 'Café menu', '[Café] menu'],
  ['"double 11"', 'Double 11 Encore', '[Double] [11] Encore'],
  ['10027', 'U10027 U20027', 'U[10027] U20027'],
  ['0027', 'U10027', 'U10027'],
  ['u10027', 'U10027', '[U10027]'],
  ['15手机', 'iPhone15手机壳', 'iPhone[15手机]壳'],
  ['phone', 'iPhone15', 'iPhone15'],
  ['spring', 'spr\u00ading sale', '[spr\u00ading] sale'],
  ['spr\u200bing', 'Spring', '[Spring]'],
  ['二〇', '二〇二六年', '[二〇]二六年'],
  ['スーパー', 'ー スーパー', 'ー [スーパー]'],
  ['𝒜b', 'ab 𝒜bc', '[ab] [𝒜b]c'],
  ['-sms', 'sms', 'sms'],
  ['sale -sms', 'sms sale', 'sms [sale]'],
  ['－"black friday" sale', 'Black Friday sale', 'Black Friday [sale]'],
  ['-content:sms content:-sale', 'sms sale', 'sms sale'],
  ['black-friday', 'Black Friday', '[Black] [Friday]'],
  ['"black"-friday', 'Black Friday', '[Black] [Friday]'],
  ['black - friday -', 'Black Friday', '[Black] [Friday]'],
  ['content: sale', 'content sale', 'content [sale]'],
  ['', 'Double', 'Double'],
  ['  ', 'Double', 'Double'],
])('%s marks %s', (q, text, want) => {
  expect(marked(q, text)).toBe(want)
})

test('a word kept to a field is marked only there', () => {
  expect(marked('user:emma', 'Emma Clarke', 'user')).toBe('[Emma] Clarke')
  expect(marked('user:emma', 'Emma Clarke', 'content')).toBe('Emma Clarke')
  expect(marked('User:emma', 'Emma Clarke, a user', 'user')).toBe('[Emma] Clarke, a user')
  expect(marked('User:emma', 'Emma Clarke', 'content')).toBe('Emma Clarke')
  expect(marked('module:"red pocket" content:x', 'WeChat Red Pocket', 'module')).toBe('WeChat [Red] [Pocket]')
  expect(marked('user：emma', 'Emma Clarke, a user', 'user')).toBe('[Emma] Clarke, a user')
  expect(marked('user：emma', 'Emma Clarke', 'content')).toBe('Emma Clarke')
  expect(marked('module:“red pocket”sms', 'WeChat Red Pocket, SMS', 'module')).toBe('WeChat [Red] [Pocket], [SMS]')
  expect(marked('module:“red pocket”sms', 'WeChat Red Pocket, SMS', 'content')).toBe('WeChat Red Pocket, [SMS]')
})
