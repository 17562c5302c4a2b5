import { useCallback } from 'react'
import { useMessages } from '../i18n/language'
import { copyText } from '../lib/clipboard'
import { useToast } from './Toasts'

/** Copies a text and confirms it with a toast. */
export function useCopy() {
  const messages = useMessages()
  const showToast = useToast()
  return useCallback(
    async (text: string, message: string = messages.copied) => {
      await copyText(text)
      showToast(message)
    },
    [showToast, messages],
  )
}
