import type { LocaleTag } from '../i18n/language'
import { useLanguage } from '../i18n/language'
import { Segments } from './Segments'

const languages: { value: LocaleTag; label: string; lang: string }[] = [
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'zh-CN', label: '中文', lang: 'zh-CN' },
]

export function LanguageSwitch({ onChange }: { onChange: (tag: LocaleTag) => void }) {
  const { tag, words } = useLanguage()
  return <Segments small label={words.language} segments={languages} value={tag} onChange={onChange} />
}
