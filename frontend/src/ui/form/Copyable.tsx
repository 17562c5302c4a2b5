import { useState } from 'react'
import { useAdminMessages } from '../../i18n/adminMessages'
import { useMessages } from '../../i18n/language'
import { copyText } from '../../lib/clipboard'
import { Icon } from '../Icon'
import { Shown } from '../Shown'
import './form.css'

/** A text to copy: a key, a command, a checkpoint. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const common = useMessages()
  const messages = useAdminMessages()
  const [copied, setCopied] = useState(false)
  return (
    <figure className="copyable">
      <figcaption>
        {label}
        <button
          type="button"
          className="text-button"
          aria-label={copied ? common.copied : messages.named(messages.copy, label)}
          onClick={() => copyText(text).then(() => setCopied(true))}
          onBlur={() => setCopied(false)}
        >
          <Icon name={copied ? 'check' : 'copy'} small />
          <span aria-live="polite">{copied ? common.copied : messages.copy}</span>
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
      <pre tabIndex={0}>
        <Shown text={text} />
      </pre>
    </figure>
  )
}
