import type { ReactNode } from 'react'
import { ConfirmHost } from '../features/session/ConfirmHost'
import { ViewingBanner } from '../features/session/ViewingBanner'
import ReadOnlyBanner from '../features/system/ReadOnlyBanner'
import { useSession } from '../model/session/session'

/** What stands over every page, and what any page may ask. */
export default function Banners(): ReactNode {
  return (
    <>
      <ViewingBanner session={useSession()} />
      <ReadOnlyBanner />
      <ConfirmHost />
    </>
  )
}
