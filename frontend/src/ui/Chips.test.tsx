// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../build/draw'
import { en } from '../i18n/en'
import { Chips } from './Chips'

const openUser = vi.fn()
const noneLeft = vi.fn()
const copyLink = vi.fn()

function Line() {
  const [names, setNames] = useState(['user', 'role', 'ip'])
  return (
    <Chips
      chips={names.map((name) => ({
        name,
        excluded: name === 'role',
        label: name,
        text: `${name} text`,
        onOpen: name === 'user' ? openUser : undefined,
      }))}
      onRemove={(name) => setNames(names.filter((one) => one !== name))}
      onNoneLeft={noneLeft}
      onClear={() => setNames([])}
      onCopyLink={copyLink}
    />
  )
}

const remove = (name: string) => screen.getByRole('button', { name: en.removeFilter(name) })

test('a removed chip hands the focus to the one in its place, then to the last, then to what comes before', async () => {
  const { person } = draw(<Line />)
  remove('role').focus()
  await person.keyboard('{Delete}')
  await waitFor(() => expect(document.activeElement).toBe(remove('ip')))
  await person.keyboard('{Backspace}')
  await waitFor(() => expect(document.activeElement).toBe(remove('user')))
  expect(noneLeft).not.toHaveBeenCalled()
  await person.click(remove('user'))
  await waitFor(() => expect(noneLeft).toHaveBeenCalledOnce())
  expect(screen.queryByRole('button', { name: en.clearAll })).toBeNull()
})

test('the text of a chip opens its filter, where that has choices', async () => {
  const { person } = draw(<Line />)
  await person.click(screen.getByRole('button', { name: /user text/ }))
  expect(openUser).toHaveBeenCalledOnce()
  expect(screen.queryByRole('button', { name: /role text/ })).toBeNull()
  await person.click(screen.getByRole('button', { name: en.copyLink }))
  expect(copyLink).toHaveBeenCalledOnce()
})
