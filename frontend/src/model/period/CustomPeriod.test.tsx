// @vitest-environment happy-dom
import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../../build/draw'
import { calendarEn } from '../../i18n/calendar.en'
import CustomPeriod from './CustomPeriod'

const zone = 'Asia/Shanghai'
const given = { from: '2026-01-04T16:00:00Z', to: '2026-01-07T08:41:07.250Z' }
const field = (name: string) => screen.getByRole<HTMLInputElement>('textbox', { name })
const apply = () => screen.getByRole('button', { name: calendarEn.apply })

function period() {
  const onChange = vi.fn()
  return { onChange, ...draw(<CustomPeriod {...given} zone={zone} withApply onChange={onChange} />) }
}

test('an end that nobody touched stays as exact as it was', async () => {
  const { person, onChange } = period()
  expect(field(calendarEn.from).value).toBe('2026-01-05')
  await person.clear(field(calendarEn.from))
  await person.type(field(calendarEn.from), '2026-01-02')
  await person.click(apply())
  expect(onChange.mock.calls).toEqual([[{ from: '2026-01-01T16:00:00.000Z', to: given.to }]])
})

test('what is no day is marked when the field is left, and nothing is applied', async () => {
  const { person, onChange } = period()
  await person.clear(field(calendarEn.to))
  await person.type(field(calendarEn.to), '2026-02-31')
  expect(screen.getByRole('alert').textContent).toBe('')
  await person.tab()
  expect(screen.getByRole('alert').textContent).toBe(calendarEn.notADay)
  expect(field(calendarEn.to).getAttribute('aria-invalid')).toBe('true')
  expect(field(calendarEn.from).getAttribute('aria-invalid')).toBe('false')
  await person.click(apply())
  expect(onChange).not.toHaveBeenCalled()
  await person.clear(field(calendarEn.to))
  await person.type(field(calendarEn.to), '2026-01-31')
  expect(screen.getByRole('alert').textContent).toBe('')
})

test('an end before the start is said', async () => {
  const { person, onChange } = period()
  await person.clear(field(calendarEn.to))
  await person.type(field(calendarEn.to), '2026-01-04{Enter}')
  expect(screen.getByRole('alert').textContent).toBe(calendarEn.endsBefore)
  expect(onChange).not.toHaveBeenCalled()
})

test('the calendar gives the start, then the end, each a whole day', async () => {
  const { person, onChange } = period()
  const day = (number: string) => screen.getByRole('button', { name: new RegExp(`^\\w+ ${number} Jan`) })
  await person.click(day('12'))
  expect([field(calendarEn.from).value, field(calendarEn.to).value]).toEqual(['2026-01-12', '2026-01-12'])
  await person.click(day('14'))
  await person.click(apply())
  expect(onChange.mock.calls).toEqual([[{ from: '2026-01-11T16:00:00.000Z', to: '2026-01-14T16:00:00.000Z' }]])
})
