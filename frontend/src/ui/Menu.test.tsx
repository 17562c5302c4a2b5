// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { draw } from '../../build/draw'
import { Menu } from './Menu'

test('a menu closes when an item is chosen by mouse, and when its button is pressed again', async () => {
  const choose = vi.fn()
  const { person } = draw(
    <Menu label="Account" className="account" items={[[{ key: 'out', label: 'Sign out', onChoose: choose }]]}>
      Ada
    </Menu>,
  )
  const button = screen.getByRole('button', { name: 'Ada' })
  await person.click(button)
  await person.click(await screen.findByRole('menuitem', { name: 'Sign out' }))
  expect(choose).toHaveBeenCalledOnce()
  await waitFor(() => expect(screen.queryByRole('menu')).toBeNull())
  await person.click(button)
  await screen.findByRole('menu')
  await person.click(button)
  await waitFor(() => expect(screen.queryByRole('menu')).toBeNull())
})
