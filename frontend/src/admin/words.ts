import { type AdminWords, adminEn } from '../i18n/admin.en'
import { adminZh } from '../i18n/admin.zh'
import { useLanguage } from '../i18n/language'

/** The words of the settings, which load with them. */
export function useAdminWords(): AdminWords {
  return useLanguage().tag === 'en' ? adminEn : adminZh
}
