import { type LocaleTag, loadMessages } from '../i18n/dictionaries'
import { useLanguage } from '../i18n/language'
import { preloadLater } from './hooks/preload'
import { Segments } from './Segments'

const languages: { value: LocaleTag; label: string; lang: string }[] = [
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'zh-CN', label: '中文', lang: 'zh-CN' },
]

for (const { value } of languages) preloadLater(() => loadMessages(value))

export function LanguageSwitch({ onChange }: { onChange: (tag: LocaleTag) => void }) {
  const { tag, messages } = useLanguage()
  return <Segments small label={messages.language} segments={languages} value={tag} onChange={onChange} />
}
