import { useEffect } from 'react'
import { visibleText } from '../theme/visible'

export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = visibleText(title)
  }, [title])
}
