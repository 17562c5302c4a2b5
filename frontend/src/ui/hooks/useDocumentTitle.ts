import { useEffect } from 'react'
import { visibleText } from '../../lib/visible'

export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = visibleText(title)
  }, [title])
}
