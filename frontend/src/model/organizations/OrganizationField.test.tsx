// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
import { draw, layOut } from '../../../build/draw'
import { en } from '../../i18n/en'
import { formEn } from '../../i18n/form.en'
import { Form } from '../../ui/form/Form'
import { queryKeys } from '../api/queryKeys'
import { OrganizationField } from './OrganizationField'

beforeEach(() => layOut(800, 600))

const submitted = vi.fn()

function Fields() {
  const [id, setId] = useState<string>()
  return (
    <Form onSubmit={() => submitted(id)}>
      <OrganizationField label="Scope" tenant="acme" value={id} none="Whole tenant" onChange={setId} />
      <button type="submit">Send</button>
    </Form>
  )
}

function form() {
  submitted.mockClear()
  const client = new QueryClient()
  client.setQueryData(queryKeys.organizations('acme'), [
    { id: 'north', name: 'North' },
    { id: 'south', name: 'South' },
  ])
  return draw(
    <QueryClientProvider client={client}>
      <Fields />
    </QueryClientProvider>,
  )
}

const opener = () => screen.getByRole('button', { name: en.choose })
const search = () => screen.findByRole('textbox', { name: en.findOrganization })

test('a key typed on it begins the search; Enter takes the one that is found, and leads back', async () => {
  const { person } = form()
  opener().focus()
  await person.keyboard('s')
  expect(await search()).toBe(document.activeElement)
  await person.keyboard('ou{Enter}')
  expect(screen.queryByRole('tree')).toBeNull()
  expect(document.activeElement).toBe(screen.getByRole('button', { name: en.andBelow('South') }))
  await person.click(screen.getByRole('button', { name: 'Send' }))
  expect(submitted.mock.calls).toEqual([['south']])
})

test('what is searched for and not chosen is no choice: it is said at the field, and nothing is sent', async () => {
  const { person } = form()
  await person.click(screen.getByRole('button', { name: 'Send' }))
  expect(screen.getByText(formEn.fieldErrors.unchosen)).toBeDefined()
  await person.keyboard('n')
  await waitFor(async () => expect(document.activeElement).toBe(await search()))
  await person.click(screen.getByRole('button', { name: 'Send' }))
  expect(screen.getByText(formEn.fieldErrors.unfinished)).toBeDefined()
  expect(submitted).not.toHaveBeenCalled()
})

test('none at all is a choice, too; Escape leaves everything as it was', async () => {
  const { person } = form()
  opener().focus()
  await person.keyboard('{ArrowDown}')
  await person.click(await screen.findByRole('button', { name: 'Whole tenant' }))
  await person.keyboard('{ArrowDown}')
  await search()
  await person.keyboard('{Escape}')
  expect(screen.queryByRole('tree')).toBeNull()
  await person.click(screen.getByRole('button', { name: 'Send' }))
  expect(submitted.mock.calls).toEqual([['']])
})
