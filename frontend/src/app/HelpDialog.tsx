import { useHelpMessages } from '../i18n/helpMessages'
import { urlOf } from '../lib/basePath'
import { Dialog } from '../ui/Dialog'
import './help.css'

const keys = ['/', 'j k', '← →', 'Enter', 'Esc', 'x', 'f 1', '.', 'g', 'z', '[', '?'] as const

/** The keyboard shortcuts of the log, and the search syntax. */
export default function HelpDialog({ onClose }: { onClose: () => void }) {
  const messages = useHelpMessages()
  return (
    <Dialog title={messages.help} className="help" onClose={onClose}>
      <section>
        <h3>{messages.helpKeys}</h3>
        <dl>
          {keys.map((key) => (
            <div key={key}>
              <dt>
                {key.split(' ').map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
              </dt>
              <dd>{messages.keys[key]}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>{messages.helpSearch}</h3>
        <dl>
          {messages.searchExamples.map(({ example, meaning }) => (
            <div key={example}>
              <dt>
                <code>{example}</code>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <a href={urlOf(messages.docsPath)} target="_blank" rel="noreferrer">
          {messages.docs}
        </a>
      </section>
    </Dialog>
  )
}
