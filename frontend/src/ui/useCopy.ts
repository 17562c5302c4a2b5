import { useCallback } from 'react'
import { useWords } from '../i18n/language'
import { copyText } from '../lib/clipboard'
import { useToast } from './Toasts'

/** Copies a text and confirms it with a toast. */
export function useCopy() {
  const words = useWords()
  const showToast = useToast()
  return useCallback(
    async (text: string, message: string = words.copied) => {
      await copyText(text)
      showToast(message)
    },
    [showToast, words],
  )
}
