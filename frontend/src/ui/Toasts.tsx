import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { Icon } from './Icon'
import { Shown } from './Shown'
import './toast.css'

const ToastContext = createContext<(text: string) => void>(() => {})

/** Shows a message above the page, announced once, for two seconds. */
export function useToast() {
  return useContext(ToastContext)
}

export function Toasts({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string }>()
  const showToast = useCallback((text: string) => setToast({ text }), [])

  useEffect(() => {
    if (!toast) return
    const timer = setTimeout(() => setToast(undefined), 2000)
    return () => clearTimeout(timer)
  }, [toast])

  return (
    <ToastContext value={showToast}>
      {children}
      <div className="toasts" aria-live="polite">
        {toast && (
          <p className="toast">
            <Icon name="check" />
            <Shown text={toast.text} />
          </p>
        )}
      </div>
    </ToastContext>
  )
}
